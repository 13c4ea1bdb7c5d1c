"""Signature and encryption of 企业微信 callbacks.

As described at https://developer.work.weixin.qq.com/document/path/91144 (加解密方案说明) and done by Tencent's own
WXBizMsgCrypt: the signature is the SHA-1 of token, timestamp, nonce and ciphertext, sorted and joined; the ciphertext is
AES-256-CBC of 16 random bytes, the message's length (4 bytes, big-endian), the message and the receiver's id, padded to
32 bytes, with the first half of the key as initial vector.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.gateways.consoles.errors import ConsoleError

_BLOCK = 32
_HEAD = 20


def signature_of(token: str, timestamp: str, nonce: str, ciphertext: str) -> str:
    """In lower-case hex."""
    joined = "".join(sorted((token, timestamp, nonce, ciphertext)))
    return hashlib.sha1(joined.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def is_signed(given: str, token: str, timestamp: str, nonce: str, ciphertext: str) -> bool:
    expected = signature_of(token, timestamp, nonce, ciphertext)
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def decrypt(aes_key: str, ciphertext: str, receiver: str) -> bytes:
    """The message in a ciphertext (base64) for `receiver`; `aes_key` is the EncodingAESKey of 43 characters.

    Raises `ConsoleError`: `cannot_decrypt`, or `other_receiver` where it was made for somebody else.
    """
    key = base64.b64decode(aes_key + "=")
    try:
        encrypted = base64.b64decode(ciphertext, validate=True)
        reader = _cipher(key).decryptor()
        plain = reader.update(encrypted) + reader.finalize()
    except (binascii.Error, ValueError):
        raise _cannot_decrypt() from None
    padding = plain[-1] if plain else 0
    plain = plain[: len(plain) - padding]
    length = int.from_bytes(plain[16:_HEAD], "big")
    if not 1 <= padding <= _BLOCK or len(plain) < _HEAD + length:
        raise _cannot_decrypt()
    if plain[_HEAD + length :] != receiver.encode():
        raise ConsoleError(
            "other_receiver",
            "这条回调是发给别的企业的，请核对企业 ID / the callback was made for another corporation",
        )
    return plain[_HEAD : _HEAD + length]


def encrypt(aes_key: str, message: bytes, receiver: str, random: bytes) -> str:
    """What `decrypt` reads; `random` are 16 bytes."""
    plain = random + len(message).to_bytes(4, "big") + message + receiver.encode()
    padding = _BLOCK - len(plain) % _BLOCK
    writer = _cipher(base64.b64decode(aes_key + "=")).encryptor()
    return base64.b64encode(writer.update(plain + bytes([padding]) * padding) + writer.finalize()).decode()


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES256(key), modes.CBC(key[:16]))


def _cannot_decrypt() -> ConsoleError:
    return ConsoleError(
        "cannot_decrypt", "解不开密文，请核对 EncodingAESKey / the ciphertext cannot be decrypted"
    )
