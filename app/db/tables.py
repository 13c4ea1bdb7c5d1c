"""The tables. All but `member` lead with the shop, so that a database which is distributed by tenant can carry them.

`event` is the journal: the only table of facts from outside. `session`, `deadline`, `presence` and the `measure_…`
tables are projections of it and can be rebuilt; `outbox` and `act` say what the machine decided and did.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.db.columns import Instant, Json


class ShopRow(SQLModel, table=True):
    __tablename__ = "shop"

    id: str = Field(primary_key=True)
    name: str
    platform: str
    created_at: datetime = Field(sa_type=Instant)
    policy: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    callback_url: str | None = None
    callback_secret: str | None = None
    """What we sign callbacks with; `whsec_…`."""
    bank_version: int = 0
    """Grows with every change of the shop's phrases, so that a process knows when its index is old."""
    rating_scale: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """The present version of the shop's scale for the chance of a good rating; None where chances are left as they are."""


class PolicyVersionRow(SQLModel, table=True):
    """A policy that a shop had, from `at` until the next number. The present one stands in `shop.policy`, too."""

    __tablename__ = "policy_version"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    by: str
    why: str = ""
    policy: dict[str, Any] = Field(sa_type=Json)


class RatingScaleVersionRow(SQLModel, table=True):
    """A scale that a shop had for the chance of a good rating, from `at` until the next number.

    `scale` is None from when it was switched off. `judgement` is what was known of it when it was switched on.
    """

    __tablename__ = "rating_scale_version"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    by: str
    why: str = ""
    scale: dict[str, Any] | None = Field(default=None, sa_type=Json)
    judgement: dict[str, Any] | None = Field(default=None, sa_type=Json)


class SigningSecretRow(SQLModel, table=True):
    """A secret that a console signs with. Several may be valid at once while one replaces another."""

    __tablename__ = "signing_secret"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    secret: str
    created_at: datetime = Field(sa_type=Instant)
    retired_at: datetime | None = Field(default=None, sa_type=Instant)


class ConsoleRow(SQLModel, table=True):
    """A console that a shop uses, what the shop set for it, and how far we have fetched what it has to say."""

    __tablename__ = "console"
    __table_args__ = (
        Index(
            "console_pull_due",
            "pull_due_at",
            sqlite_where=text("pull_due_at IS NOT NULL"),
            postgresql_where=text("pull_due_at IS NOT NULL"),
        ),
    )

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    adapter: str = Field(primary_key=True)
    settings: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    """Secrets among them are in clear, as signing secrets are (see docs/adr)."""
    updated_at: datetime = Field(sa_type=Instant)
    cursor: str = ""
    """Where the next pull goes on; "" at first."""
    pull_token: str = ""
    """What the console's last hook gave us to pull with."""
    pull_due_at: datetime | None = Field(default=None, sa_type=Instant)
    """When to pull, or the end of the lease of whoever pulls now; None when there is nothing to fetch."""
    pull_failures: int = 0
    """In a row, up to now."""
    pull_error: str | None = None


class ApiKeyRow(SQLModel, table=True):
    """An API key, known only by its hash. A key is 256 random bits, so one SHA-256 is enough (see docs/adr)."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("shop_id", "secret_hash", name="api_key_secret"),)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    secret_hash: str
    label: str = ""
    scopes: list[str] = Field(default_factory=list, sa_type=Json)
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class MemberRow(SQLModel, table=True):
    """A person who signs in. The one table that does not lead with a shop: somebody may work in several."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("login", name="member_login"),)

    id: str = Field(primary_key=True)
    login: str
    """In the form of `app.usecases.members.folded_login`."""
    name: str
    password_hash: str
    """Argon2id, in the PHC string format."""
    created_at: datetime = Field(sa_type=Instant)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=Instant)
    last_shop_id: str | None = None
    """Where they were last; they come there again."""


class MembershipRow(SQLModel, table=True):
    """What a member is in one shop."""

    __tablename__ = "membership"
    __table_args__ = (Index("membership_of_member", "member_id"),)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    member_id: str = Field(primary_key=True, foreign_key="member.id")
    role: str
    created_at: datetime = Field(sa_type=Instant)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)


class MemberLinkRow(SQLModel, table=True):
    """A link that works once: an invitation to a shop, or to set a forgotten password anew. Known only by its hash."""

    __tablename__ = "member_link"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    token_hash: str = Field(primary_key=True)
    purpose: str
    """`invitation` or `reset`."""
    login: str
    name: str = ""
    role: str = ""
    """For an invitation: what they will be."""
    created_at: datetime = Field(sa_type=Instant)
    created_by: str
    expires_at: datetime = Field(sa_type=Instant)


class WebSessionRow(SQLModel, table=True):
    """Somebody signed in to the dashboard of a shop, a member or a key; the cookie's token is known only by its hash."""

    __tablename__ = "web_session"
    __table_args__ = (Index("web_session_of_member", "member_id"),)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    token_hash: str = Field(primary_key=True)
    key_id: str | None = None
    member_id: str | None = Field(default=None, foreign_key="member.id")
    created_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)
    """When it was used, to within an hour."""
    expires_at: datetime = Field(sa_type=Instant)
    address: str = ""
    device: str = ""
    """What the browser says it is."""


class AuditRow(SQLModel, table=True):
    """Who changed what in the shop's settings, or came in, and when. Never a secret."""

    __tablename__ = "audit"
    __table_args__ = ({"sqlite_with_rowid": False},)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    """Begins with the time, so that the order of ids is that of time."""
    at: datetime = Field(sa_type=Instant)
    actor: str
    act: str
    target: str = ""
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class EventRow(SQLModel, table=True):
    """One fact from the platform, once. `body` is the event as it came, unknown fields included."""

    __tablename__ = "event"
    __table_args__ = (
        Index("event_of_buyer", "shop_id", "buyer", "at"),
        Index("event_of_session", "shop_id", "session", "at"),
        Index("event_in_time", "shop_id", "at"),
        Index(
            "event_of_rating",
            "shop_id",
            "at",
            sqlite_where=text("type IN ('rating', 'invite_sent')"),
            postgresql_where=text("type IN ('rating', 'invite_sent')"),
        ),
    )

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    type: str
    at: datetime = Field(sa_type=Instant)
    session: str | None = None
    buyer: str | None = None
    body: dict[str, Any] = Field(sa_type=Json)
    digest: str
    received_at: datetime = Field(sa_type=Instant)


class ConflictRow(SQLModel, table=True):
    """An event or a delivery that was refused because its id is known with other content."""

    __tablename__ = "conflict"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    """A hash of scope, refused id and content, so that a console that retries is recorded once."""
    scope: str
    """`event` or `delivery`."""
    refused_id: str
    body: str = Field(sa_type=Text)
    received_at: datetime = Field(sa_type=Instant)


class DeliveryRow(SQLModel, table=True):
    """A webhook delivery that was taken, by its `webhook-id`."""

    __tablename__ = "delivery"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    body_digest: str
    received_at: datetime = Field(sa_type=Instant)


class SessionRow(SQLModel, table=True):
    """What the live page needs of a session, folded from its events."""

    __tablename__ = "session"
    __table_args__ = (
        Index(
            "session_waiting",
            "shop_id",
            "waiting_since",
            sqlite_where=text("waiting_since IS NOT NULL"),
            postgresql_where=text("waiting_since IS NOT NULL"),
        ),
        Index(
            "session_look",
            "look_at",
            sqlite_where=text("look_at IS NOT NULL"),
            postgresql_where=text("look_at IS NOT NULL"),
        ),
        Index("session_recent", "shop_id", "last_event_at"),
        Index("session_of_buyer", "shop_id", "buyer"),
    )

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    buyer: str
    agent: str | None = None
    last_event_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    waiting_since: datetime | None = Field(default=None, sa_type=Instant)
    """When the oldest unanswered item began to wait; None where nobody waits."""
    deadline_at: datetime | None = Field(default=None, sa_type=Instant)
    counted: bool = False
    """Does the platform count the oldest unanswered item?"""
    last_text: str = ""
    last_kind: str = "text"
    suggestions: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    advice: dict[str, Any] | None = Field(default=None, sa_type=Json)
    recap: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """What was said before, for whoever takes over; None where nobody waits or nothing was."""
    look_at: datetime | None = Field(default=None, sa_type=Instant)
    """When to look at the rating advice again, since silence may change it or an invitation be due; None for never."""


class DeadlineRow(SQLModel, table=True):
    """An open item and the next moment at which something is to be done about it.

    `due_at` is None when nothing is left to do; the index over it is how due items are found without a scan.
    """

    __tablename__ = "deadline"
    __table_args__ = (
        Index(
            "deadline_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("deadline_of_buyer", "shop_id", "buyer"),
    )

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    item_id: str = Field(primary_key=True)
    session: str
    buyer: str
    opened_at: datetime = Field(sa_type=Instant)
    deadline_at: datetime = Field(sa_type=Instant)
    counted: bool
    step: str | None = None
    """What is due, as in `app.core.ladder.Step`; None when the item is closed or its ladder has ended."""
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    missed: bool = False


class OutboxState(StrEnum):
    QUEUED = "queued"
    OFFERED = "offered"
    """The shop has no callback: a person may send it from the panel."""
    SENT = "sent"
    DROPPED = "dropped"
    """A guard at the moment of sending said no."""
    EXPIRED = "expired"
    DEAD = "dead"
    """Every attempt failed; can be replayed by hand."""


class OutboxRow(SQLModel, table=True):
    """Something the machine wants to say. Written in the transaction that decided it; the id never changes."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("shop_id", "once", name="outbox_once"),
        Index(
            "outbox_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("outbox_of_session", "shop_id", "session", "created_at"),
    )

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    once: str
    """Names what may be said only once (buyer, session, purpose, item); a second row with it is not made."""
    session: str
    buyer: str
    item_id: str
    purpose: str
    sender: str
    text: str = Field(sa_type=Text)
    phrase_id: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    state: str = OutboxState.QUEUED
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    """The next attempt, or the end of the lease of whoever is sending it now; None when nothing is left to do."""
    attempts: int = 0
    last_error: str | None = None
    sent_at: datetime | None = Field(default=None, sa_type=Instant)


class ActRow(SQLModel, table=True):
    """What the machine did or decided not to do, and why; readable by a person."""

    __tablename__ = "act"
    __table_args__ = (
        Index("act_recent", "shop_id", "at"),
        Index("act_of_session", "shop_id", "session", "at"),
    )

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    """Made of what it is about, so that doing the same work twice records it once."""
    at: datetime = Field(sa_type=Instant)
    kind: str
    session: str
    buyer: str
    about: str
    """The event or item that it is about."""
    title: str
    text: str = Field(default="", sa_type=Text)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    late: bool = False


class AlertChannelRow(SQLModel, table=True):
    """A way to reach somebody of the shop when a buyer waits too long."""

    __tablename__ = "alert_channel"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    address: str
    """The apprise address with its tokens. In clear, since it is needed to send; shown to nobody again."""
    settings: dict[str, Any] = Field(sa_type=Json)
    """As `app.core.alerts.Channel.to_json` has them."""
    created_at: datetime = Field(sa_type=Instant)


class AlertState(StrEnum):
    QUEUED = "queued"
    HELD = "held"
    """Kept back by the limits of the channel; told later, at least as a number."""
    SENT = "sent"
    DIGESTED = "digested"
    """Told as a number only."""
    DROPPED = "dropped"
    """Settled before it was to be told."""
    FAILED = "failed"


class AlertRow(SQLModel, table=True):
    """One thing to tell on one channel. Written in the transaction of the act that it tells of."""

    __tablename__ = "alert"
    __table_args__ = (
        Index(
            "alert_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("alert_of_channel", "shop_id", "channel", "state"),
        Index("alert_recent", "shop_id", "at"),
    )

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    """Made of the act and the channel, so that the same is told once."""
    channel: str
    occasion: str
    session: str
    buyer: str
    agent: str | None = None
    item_id: str | None = None
    opened_at: datetime | None = Field(default=None, sa_type=Instant)
    deadline_at: datetime | None = Field(default=None, sa_type=Instant)
    at: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    """When to look at it next; None when it is in a message or nothing is left to do."""
    state: str = AlertState.QUEUED
    message: str | None = None
    """The message that tells of it."""
    named: bool = False
    """Does it have a line of its own there?"""


class AlertMessageState(StrEnum):
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


class AlertMessageRow(SQLModel, table=True):
    """A message on a channel. All of them count against its limits."""

    __tablename__ = "alert_message"
    __table_args__ = (
        Index(
            "alert_message_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("alert_message_of_channel", "shop_id", "channel", "at"),
    )

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    channel: str
    at: datetime = Field(sa_type=Instant)
    """Of the last attempt."""
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    """The next attempt, or the end of the lease of whoever is sending it now."""
    state: str = AlertMessageState.SENDING
    attempts: int = 0
    error: str | None = None
    title: str = ""
    body: str = Field(default="", sa_type=Text)


class PresenceRow(SQLModel, table=True):
    """Whether an agent is online, by the newest event about it."""

    __tablename__ = "presence"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    agent: str = Field(primary_key=True)
    online: bool
    at: datetime = Field(sa_type=Instant)
    event_id: str


class LeaveRow(SQLModel, table=True):
    """That a buyer's message was left while the shop was closed and nobody was online, as was seen when it came."""

    __tablename__ = "leave_message"
    __table_args__ = ({"sqlite_with_rowid": False},)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    event_id: str = Field(primary_key=True)


class ServiceHoursRow(SQLModel, table=True):
    """A shop's service hours, as the JSON text that `app.core.service_hours_reading` reads."""

    __tablename__ = "service_hours"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    body: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_type=Instant)
    updated_by: str = ""


class RosterRow(SQLModel, table=True):
    """A shop's agents and groups, as the JSON text that `app.core.roster` reads."""

    __tablename__ = "roster"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    body: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_type=Instant)
    updated_by: str = ""


class PhraseRow(SQLModel, table=True):
    """A phrase of the shop's bank, as its JSON object."""

    __tablename__ = "phrase"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    body: dict[str, Any] = Field(sa_type=Json)
    updated_at: datetime = Field(sa_type=Instant)


class PhraseChangeRow(SQLModel, table=True):
    """What became of a phrase, who did it and why. `before` is None where it was not there, `after` where it is no more.

    Ids are in the order in which the changes happened.
    """

    __tablename__ = "phrase_change"
    __table_args__ = (Index("phrase_change_of_phrase", "shop_id", "phrase_id", "id"),)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    phrase_id: str
    at: datetime = Field(sa_type=Instant)
    by: str
    action: str
    why: str = ""
    before: dict[str, Any] | None = Field(default=None, sa_type=Json)
    after: dict[str, Any] | None = Field(default=None, sa_type=Json)


class EncodingRow(SQLModel, table=True):
    """The vector of a text of the shop's bank by one encoder, so that no start has to encode the bank anew."""

    __tablename__ = "encoding"
    __table_args__ = ({"sqlite_with_rowid": False},)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    encoder: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    """Of the text, which is not kept here."""
    vector: bytes
    """Floats of four bytes, the least byte first."""


class OfferRow(SQLModel, table=True):
    """The phrases that were suggested for a buyer's message when it came, the best first."""

    __tablename__ = "offer"
    __table_args__ = ({"sqlite_with_rowid": False},)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    message: str = Field(primary_key=True)
    phrase_ids: list[str] = Field(sa_type=Json)


class FeedbackRow(SQLModel, table=True):
    """That somebody took a phrase for a buyer's message, or turned it down.

    What a person said is a fact; what a reply in a session shows (`source` "reply") is a projection of the journal and stands
    as long as the journal bears it out.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        Index("feedback_of_phrase", "shop_id", "phrase_id", "at"),
        Index("feedback_of_message", "shop_id", "about"),
        Index("feedback_of_session", "shop_id", "session"),
        Index(
            "feedback_pending",
            "received_at",
            sqlite_where=text("pending"),
            postgresql_where=text("pending"),
        ),
    )

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    id: str = Field(primary_key=True)
    phrase_id: str
    about: str
    """The buyer's message by its id; where only its words were given, a name of its own."""
    session: str | None = None
    text: str = Field(sa_type=Text)
    """The buyer's message, masked."""
    accepted: bool
    source: str
    """`person` or `reply`."""
    reply: str | None = None
    """The message in the journal that shows it, where no person said it."""
    by: str = ""
    at: datetime = Field(sa_type=Instant)
    received_at: datetime = Field(sa_type=Instant)
    digest: str
    """Of what was sent under this id, so that the same id with other content is refused."""
    stands: bool = True
    """Not undone, and borne out by the journal."""
    undone_at: datetime | None = Field(default=None, sa_type=Instant)
    undone_by: str | None = None
    teaches: bool = True
    """False once a person took what it taught out of the phrase."""
    pending: bool = True
    """Whether the phrase is still to be taught what this row, or its undoing, says."""


class PhraseLessonRow(SQLModel, table=True):
    """Which of a phrase's examples and not-examples were put there by verdicts, and not by its owner."""

    __tablename__ = "phrase_lesson"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    phrase_id: str = Field(primary_key=True)
    examples: list[str] = Field(sa_type=Json)
    not_examples: list[str] = Field(sa_type=Json)


class CareDismissalRow(SQLModel, table=True):
    """A finding of care that somebody does not want to see again while the phrases on which it rests stand as they did."""

    __tablename__ = "care_dismissal"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    finding: str = Field(primary_key=True)
    state: str
    """`Finding.state` when it was dismissed."""
    by: str
    at: datetime = Field(sa_type=Instant)


class PhraseUseRow(SQLModel, table=True):
    """How often a phrase was offered, taken, turned down, and sent unattended, on one day (ISO) of the shop."""

    __tablename__ = "phrase_use"
    __table_args__ = ({"sqlite_with_rowid": False},)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    phrase_id: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    offered: int = 0
    accepted: int = 0
    rejected: int = 0
    sent: int = 0
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    """The last time on this day that it was taken or sent."""


class MeasureStandingRow(SQLModel, table=True):
    """That a shop's standing counts are there, by which definitions, and whose ledgers are up to date."""

    __tablename__ = "measure_standing"

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    fingerprint: str
    """Of the platform's editions by which the counts were made (`Plan.fingerprint`)."""
    owner: str
    """The writer that changed the counts last; another one must not trust the ledgers it has in memory."""


class MeasureCountRow(SQLModel, table=True):
    """Settled counts of a measure on one day (ISO), under one key of a split: `good` of `counted` units.

    `split` and `key` are those of `app.core.measures.ledger`.
    """

    __tablename__ = "measure_count"
    # One tree, in the order in which it is read; a row id beside it would double every write.
    __table_args__ = ({"sqlite_with_rowid": False},)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    measure: str = Field(primary_key=True)
    split: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    good: int
    counted: int


class MeasureMonthRow(SQLModel, table=True):
    """The sum of a month's days ("2026-11"), so that long periods and many shops are few rows."""

    __tablename__ = "measure_month"
    __table_args__ = ({"sqlite_with_rowid": False},)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    measure: str = Field(primary_key=True)
    split: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    good: int
    counted: int


class MeasurePendingRow(SQLModel, table=True):
    """What one buyer has open that may be in time yet, as `BuyerLedger.pending` says; past `until` it is nothing."""

    __tablename__ = "measure_pending"
    __table_args__ = (Index("measure_pending_until", "shop_id", "until"), {"sqlite_with_rowid": False})

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    buyer: str = Field(primary_key=True)
    until: datetime = Field(sa_type=Instant)
    body: list[Any] = Field(sa_type=Json)


class MeasureSpanRow(SQLModel, table=True):
    """What one day holds of a session or person that has several days under one edition, as a tally."""

    __tablename__ = "measure_span"
    __table_args__ = ({"sqlite_with_rowid": False},)

    shop_id: str = Field(primary_key=True, foreign_key="shop.id")
    measure: str = Field(primary_key=True)
    split: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    tally: list[Any] = Field(sa_type=Json)
