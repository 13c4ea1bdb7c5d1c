"""What an adapter says of a body that it cannot read."""

from __future__ import annotations


class ConsoleError(ValueError):
    """`reason` is stable; the message says what is wrong and what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
