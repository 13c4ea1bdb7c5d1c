"""Would a captured request be believed and understood? What `miaohui shop console check` finds out, without storing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from app.core.events import Event
from app.gateways.consoles import ConsoleError, Heard, Hook, ProofError, StaleProofError
from app.usecases.consoles import ShopConsole
from app.usecases.take_events import read_events

_ANY_AGE_S: Final = 10**12


@dataclass(frozen=True, slots=True)
class Check:
    """What would become of a captured request."""

    proof: str
    """`good`; `stale` (right, but too old to be taken now); `key` (not signed: a key must stand in the address); `bad`."""
    problem: str | None = None
    """Why the proof is not good."""
    hints: Sequence[str] = ()
    """What to look at then."""
    unreadable: str | None = None
    """Why the body cannot be read."""
    read: Sequence[dict[str, Any]] = ()
    """Each event as JSON, or why it cannot be taken."""
    fetches: bool = False
    """It says only that there is something to fetch."""


def check_hook(shop_console: ShopConsole, hook: Hook, future_tolerance: timedelta) -> Check:
    """What would become of the request if it came now."""
    console, settings = shop_console.console, shop_console.settings
    proof, problem, hints = _proof(shop_console, hook)
    try:
        heard = console.read(hook, settings)
    except ConsoleError as error:
        return Check(proof, problem, hints, unreadable=str(error))
    return Check(
        proof, problem, hints, read=_read(heard, hook, future_tolerance), fetches=heard.pull is not None
    )


def _proof(shop_console: ShopConsole, hook: Hook) -> tuple[str, str | None, Sequence[str]]:
    console, settings = shop_console.console, shop_console.settings
    try:
        console.verify(hook, settings)
    except StaleProofError as stale:
        try:
            console.verify(replace(hook, tolerance_s=_ANY_AGE_S), settings)
        except ConsoleError as error:
            return "bad", str(error), console.hints
        return "stale", str(stale), ()
    except ProofError as error:
        if error.reason in {"missing_key", "missing_signature"}:
            return "key", str(error), console.hints
        return "bad", str(error), console.hints
    except ConsoleError as error:
        return "bad", str(error), ()
    return "good", None, ()


def _read(heard: Heard, hook: Hook, future_tolerance: timedelta) -> list[dict[str, Any]]:
    return [
        entry.to_json()
        if isinstance(entry, Event)
        else {"id": entry.id, "refused": entry.reason, "field": entry.field, "message": entry.message}
        for entry in read_events(heard.events, hook.now, future_tolerance)
    ]
