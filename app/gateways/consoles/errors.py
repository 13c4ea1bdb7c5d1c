"""What an adapter says of a request that it cannot read, or does not believe."""

from __future__ import annotations


class ConsoleError(ValueError):
    """`reason` is stable; the message says what is wrong and what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ProofError(ConsoleError):
    """The request does not prove that it comes from the shop's console."""


class StaleProofError(ProofError):
    """It was signed too long ago, or in the future: the reason is `stale_signature`."""

    def __init__(self, tolerance_s: int) -> None:
        super().__init__(
            "stale_signature",
            f"签名时间与本机相差超过 {tolerance_s} 秒，请校对时钟 / the timestamp is too far from our clock",
        )


def not_signed(what: str) -> ProofError:
    """The proof is missing: `what` names it."""
    return ProofError("missing_signature", f"缺少 {what} / neither a key nor a signature")


def wrong_signature() -> ProofError:
    """The signature is not that of the shop's secret, or the shop has none: the answer tells nobody which."""
    return ProofError(
        "bad_signature", "签名不对：请核对密钥，并对原始请求体签名 / the signature does not match"
    )
