"""Adapters of chat consoles: each turns a body in a console's own format into raw events of our schema.

An adapter is a function of the body. It returns raw events for `parse_event`, an empty list for what it need not
know, and raises `ConsoleError` for what it cannot read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from app.gateways.consoles.errors import ConsoleError
from app.gateways.consoles.generic import read_generic

Adapter = Callable[[bytes], Sequence[object]]

ADAPTERS: Final[Mapping[str, Adapter]] = {"generic": read_generic}

__all__ = ["ADAPTERS", "Adapter", "ConsoleError"]
