"""What a console is to us: how it proves itself, what it says, and how a reply reaches its buyers.

One file per console: a subclass of `Console`, entered in `ADAPTERS`. `docs/consoles.md` shows how to write one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from app.gateways.consoles.desk import Desk
from app.gateways.consoles.errors import ConsoleError, ProofError
from app.gateways.outbound import Failed

Settings = Mapping[str, str]
"""What a shop set for a console, by name, defaults filled in; what it did not set is absent."""
URL_PATTERN: Final = r"https?://[^\s/@?#\u0080-\U0010ffff]+(?:/[^\s@?#\u0080-\U0010ffff]*)?"
"""An address in ASCII without user name, query or fragment."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a shop sets. Its value must match `pattern` as a whole; a `secret` one is never shown again."""

    name: str
    label: str
    required: bool = False
    secret: bool = False
    pattern: str = r"[!-~](?:[ -~]{0,498}[!-~])?"
    """Unless said otherwise: printable ASCII, since most of them travel in headers."""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """A request to the console's hook address. Names of `headers` are in lower case; `now` is the real time."""

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str]
    now: datetime
    tolerance_s: int = 300
    """How far a signature's time may lie from `now`, either way."""


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What the console wants to read in answer, where that is not our own JSON."""

    body: bytes = b""
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a hook said."""

    events: Sequence[object] = ()
    """For `parse_event`; empty where it was nothing that we need to know."""
    delivery: str | None = None
    """The console's id of this delivery, the same over its retries with the same body; None where it has none such."""
    answer: HookAnswer | None = None
    typing: Sequence[tuple[str, str]] = ()
    """(session, agent) where somebody of the shop is typing at this moment: the machine waits."""
    pull: str | None = None
    """There is something to fetch (see `Console.pull`), and the console's token to fetch it with ("" without one)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is to be said to a buyer; ids as our events have them. `message` is the buyer's last one."""

    id: str
    session: str
    buyer: str
    message: str
    text: str
    sender: str
    invites: bool = False
    """Is it an invitation to rate? A console that can send a rating card sends it too; the others say the words."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was fetched, up to `cursor`; `more`: there was more than one answer holds."""

    events: Sequence[object]
    cursor: str
    more: bool


class Console:
    """A console that speaks its own language. What a subclass does not override, it cannot do."""

    name: ClassVar[str]
    """As in the hook's address; sessions, buyers and events of this console bear it before a colon."""
    title: ClassVar[str]
    settings: ClassVar[tuple[Setting, ...]] = ()
    replies_with: ClassVar[tuple[str, ...]] = ()
    """The settings that `reply` needs. Empty, or not all set: the shop's callback is used, or the reply is offered."""
    marks_senders: ClassVar[bool] = True
    """Does it tell what a machine sent from what a person typed? Else our own words are looked up in the outbox."""
    hints: ClassVar[tuple[str, ...]] = ()
    """What to look at when the signature is wrong, most likely first."""

    def verify(self, hook: Hook, settings: Settings) -> None:
        """Raise `ProofError` unless the console itself made this request. Without settings it always raises.

        A request whose address (or `Authorization` header) has an API key of the shop is believed without.
        """
        raise ProofError(
            "missing_key",
            "这个客服台不会签名，请在回调地址后面加上 ?key=密钥 / this console cannot sign: put a key into the address",
        )

    def read(self, hook: Hook, settings: Settings) -> Heard:
        """What the request says. Raises `ConsoleError` for what cannot be read."""
        raise NotImplementedError

    def handshake(self, hook: Hook, settings: Settings) -> HookAnswer:
        """Answer the GET by which some consoles check an address. Raises `ConsoleError` where there is none."""
        raise ConsoleError(
            "no_handshake", "这个客服台没有地址验证，请用 POST / this console checks no address: use POST"
        )

    async def reply(self, reply: Reply, settings: Settings, desk: Desk) -> Failed | None:
        """Say it by the console's own API; None when it is said. Called again with the same `Reply.id` after a failure."""
        raise NotImplementedError

    async def pull(self, cursor: str, token: str, settings: Settings, desk: Desk) -> Pulled | Failed:
        """Fetch what came after `cursor` ("" at first), for a console whose hook says only that there is something."""
        raise NotImplementedError

    def ours(self, *parts: str) -> str:
        """An id of this console as our events have it."""
        return ":".join((self.name, *parts))

    def theirs(self, our_id: str) -> str:
        """The console's part of one of our ids."""
        return our_id.removeprefix(f"{self.name}:")


def console_of(session: str) -> str:
    """The name of the console that a session belongs to, if it has one: what stands before the first colon."""
    return session.partition(":")[0]
