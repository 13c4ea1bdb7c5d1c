"""Argon2id hashes of passwords, in the PHC string format. Each takes some 40 ms and 19 MiB: never in the writer's thread."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_ITERATIONS: Final = 2
_LANES: Final = 1
_MEMORY_KIB: Final = 19 * 1024
"""The parameters that OWASP's password storage cheat sheet gives for Argon2id."""


def hash_password(password: str) -> str:
    """The hash to keep, with a salt of its own."""
    kdf = Argon2id(
        salt=os.urandom(16), length=32, iterations=_ITERATIONS, lanes=_LANES, memory_cost=_MEMORY_KIB
    )
    return kdf.derive_phc_encoded(password.encode("utf-8", "surrogatepass"))


def is_password(password: str, known_hash: str | None) -> bool:
    """Is it the password of this hash? Without a hash it takes as long and is never right."""
    try:
        Argon2id.verify_phc_encoded(password.encode("utf-8", "surrogatepass"), known_hash or _HASH_OF_NOTHING)
    except InvalidKey:
        return False
    return known_hash is not None


_HASH_OF_NOTHING: Final = hash_password(os.urandom(32).hex())
