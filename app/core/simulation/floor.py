"""Where the chats and the seats of a simulated shop stand at a moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.core.events import Event
from app.core.simulation.people import Absence, Buyer, Enquiry, Seat


@dataclass(eq=False, slots=True)
class Chat:
    """Where one buyer stands. `wait` counts the changes of that, so that an outdated alarm is recognised."""

    buyer: Buyer
    in_front: bool = False
    """Is the machine alone with the buyer, before any person?"""
    events: list[Event] = field(default_factory=list)
    enquiry: int = 0
    sent: int = 0
    seat: Desk | None = None
    assigned_s: float | None = None
    waiting_since: float | None = None
    """The first message that no person has answered."""
    clock_since: float | None = None
    """The first message that nobody whom the platform counts has answered."""
    clock_item: str = ""
    """Id of that message."""
    typing: bool = False
    missed: bool = False
    gone: bool = False
    nudges: int = 0
    wait: int = 0
    last_s: float = 0.0
    closed: bool = False
    session: str = field(init=False)
    name: str = field(init=False)
    """The buyer's id in the log."""

    def __post_init__(self) -> None:
        self.session = f"s{self.buyer.number:05d}"
        self.name = f"b{self.buyer.number:05d}"

    @property
    def at_hand(self) -> Enquiry:
        """What the buyer asks; of one who has said all, the last."""
        return self.buyer.enquiries[min(self.enquiry, len(self.buyer.enquiries) - 1)]

    @property
    def asked_whole(self) -> bool:
        """Has the buyer said all of the enquiry at hand?"""
        return self.sent >= len(self.at_hand.gaps_s)

    @property
    def over(self) -> bool:
        """Has the buyer said all?"""
        return self.gone or self.enquiry >= len(self.buyer.enquiries)


@dataclass(eq=False, slots=True)
class Desk:
    seat: Seat
    chats: list[Chat] = field(default_factory=list)
    busy: bool = False
    away_until: float | None = None
    away_planned: bool = False
    due: list[Absence] = field(default_factory=list)
    """Absences whose time came while a reply was being written."""
    trip: int = 0

    @property
    def at_work(self) -> bool:
        """Would the console give this seat a new chat? It does not know of unannounced absences."""
        return self.away_until is None or not self.away_planned
