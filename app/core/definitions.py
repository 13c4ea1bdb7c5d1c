"""What a measure counts: the knobs of a metric definition (DESIGN section 3.2).

A `Definition` is a value. `Definition.from_json` reads the public JSON form; what is left out has its default, and
whatever it cannot take raises one `DefinitionError` that names the knob and the remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from app.core.days import DaySpan, any_holds
from app.core.spans import DAY_S, WHOLE_DAY, Span, SpanError, read_span


class DefinitionError(ValueError):
    """A definition that cannot be taken. `knob` names the place; the message says what to write instead."""

    def __init__(self, knob: str, message: str) -> None:
        super().__init__(message)
        self.knob = knob
        self.message = message


class MeasureKind(StrEnum):
    REPLY = "reply"
    RATING = "rating"


class Unit(StrEnum):
    MESSAGE = "message"
    TURN = "turn"
    """Counts as `message` does; platforms that speak of turns combine it with `burst: first`."""
    SESSION = "session"
    PERSON = "person"


class AssessBy(StrEnum):
    BUYER_MESSAGE = "buyer_message"
    SESSION_START = "session_start"


class Burst(StrEnum):
    EACH = "each"
    FIRST = "first"


class SessionRule(StrEnum):
    ALL_ITEMS = "all_items"
    FIRST_ITEM = "first_item"
    AVG_WAIT = "avg_wait"


class Robot(StrEnum):
    IGNORE = "ignore"
    ASSIST_ONLY = "assist_only"
    COUNTS = "counts"


class Welcome(StrEnum):
    IGNORE = "ignore"
    COUNTS = "counts"


class RobotOnly(StrEnum):
    KEEP = "keep"
    EXCLUDE = "exclude"


class ClockStart(StrEnum):
    BUYER_MESSAGE = "buyer_message"
    TRANSFER = "transfer"
    ASSIGNED = "assigned"


class Dedupe(StrEnum):
    DAY = "day"
    PERIOD = "period"


class Closing(StrEnum):
    COUNT = "count"
    IGNORE_COURTESY = "ignore_courtesy"


class Withdrawn(StrEnum):
    KEEP = "keep"
    DROP_IF_BEFORE_REPLY = "drop_if_before_reply"


class Spam(StrEnum):
    KEEP = "keep"
    DROP_SYSTEM = "drop_system"
    DROP_SYSTEM_AND_REPORTED = "drop_system_and_reported"


class CrossDay(StrEnum):
    KEEP = "keep"
    DROP_IF_REPLY_OTHER_DAY = "drop_if_reply_other_day"


class OfflineLeave(StrEnum):
    COUNT = "count"
    DROP = "drop"


_DEFAULT_HOURS = (Span(8 * 3600, DAY_S),)

_SHARED_KNOBS = frozenset({"tz", "hours", "hours_end_inclusive", "robot"})
REPLY_KNOBS = _SHARED_KNOBS | {
    "unit",
    "window_s",
    "inclusive",
    "assess_by",
    "burst",
    "session_rule",
    "welcome",
    "robot_only",
    "clock_start",
    "dedupe",
    "closing",
    "withdrawn",
    "spam",
    "cross_day",
    "offline_leave",
    "suspended",
}
RATING_KNOBS = _SHARED_KNOBS | {"positive", "counted", "reason", "last_only", "valid_hours"}
_NAMING = frozenset({"kind", "id", "metric", "name", "label", "title", "note"})
"""Keys beside the knobs that a definition file may carry: its kind, and what people call it."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One way of counting. The knobs and their defaults are those of DESIGN section 3.2.

    A rating definition uses `positive`, `counted` (empty: every label), `robot_ratings` (the knob `robot`), `hours`,
    `reason` (empty: any), `last_only`, `valid_hours` and `tz`; its hours default to the whole day. All the other
    fields speak of replies.
    """

    kind: MeasureKind = MeasureKind.REPLY
    name: str | None = None
    tz: str = "Asia/Shanghai"
    hours: tuple[Span, ...] = _DEFAULT_HOURS
    hours_end_inclusive: bool = False
    unit: Unit = Unit.MESSAGE
    window_s: int = 180
    inclusive: bool = True
    assess_by: AssessBy = AssessBy.BUYER_MESSAGE
    burst: Burst = Burst.EACH
    session_rule: SessionRule = SessionRule.ALL_ITEMS
    robot: Robot = Robot.IGNORE
    welcome: Welcome = Welcome.IGNORE
    robot_only: RobotOnly = RobotOnly.KEEP
    clock_start: ClockStart = ClockStart.BUYER_MESSAGE
    dedupe: Dedupe = Dedupe.DAY
    closing: Closing = Closing.COUNT
    withdrawn: Withdrawn = Withdrawn.KEEP
    spam: Spam = Spam.KEEP
    cross_day: CrossDay = CrossDay.KEEP
    offline_leave: OfflineLeave = OfflineLeave.COUNT
    suspended: tuple[DaySpan, ...] = ()
    """Days on which the platform does not assess, without notes."""
    positive: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    robot_ratings: bool = True
    reason: tuple[str, ...] = ()
    last_only: bool = False
    valid_hours: int | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Definition:
        """Read the public form. Raises `DefinitionError` for an unknown knob, a wrong type or an unknown value."""
        if not isinstance(raw, Mapping):
            raise DefinitionError("", "口径必须是一个 JSON 对象 / a definition must be a JSON object")
        kind = _kind(raw)
        knobs = REPLY_KNOBS if kind is MeasureKind.REPLY else RATING_KNOBS
        for knob in raw:
            if knob not in knobs and knob not in _NAMING:
                raise _unknown(str(knob), kind)
        read = _Reader(raw)
        name = next(
            (raw[key] for key in ("metric", "id", "name", "label") if isinstance(raw.get(key), str)), None
        )
        tz = read.zone()
        end_inclusive = read.flag("hours_end_inclusive", default=False)
        if kind is MeasureKind.RATING:
            positive = read.labels("positive")
            if not positive:
                raise DefinitionError(
                    "positive", '旋钮 positive 要列出好评选项，例如 ["满意"] / positive lists the good labels'
                )
            return cls(
                kind=kind,
                name=name,
                tz=tz,
                hours=read.hours(WHOLE_DAY),
                hours_end_inclusive=end_inclusive,
                positive=positive,
                counted=read.labels("counted"),
                robot_ratings=read.flag("robot", default=True),
                reason=read.labels("reason", single=True),
                last_only=read.flag("last_only", default=False),
                valid_hours=None if raw.get("valid_hours") is None else read.number("valid_hours", 0, 0),
            )
        return cls(
            kind=kind,
            name=name,
            tz=tz,
            hours=read.hours(_DEFAULT_HOURS),
            hours_end_inclusive=end_inclusive,
            unit=read.choice("unit", Unit.MESSAGE),
            window_s=read.number("window_s", 180, 1),
            inclusive=read.flag("inclusive", default=True),
            assess_by=read.choice("assess_by", AssessBy.BUYER_MESSAGE),
            burst=read.choice("burst", Burst.EACH),
            session_rule=read.choice("session_rule", SessionRule.ALL_ITEMS),
            robot=read.choice("robot", Robot.IGNORE),
            welcome=read.choice("welcome", Welcome.IGNORE),
            robot_only=read.choice("robot_only", RobotOnly.KEEP),
            clock_start=read.choice("clock_start", ClockStart.BUYER_MESSAGE),
            dedupe=read.choice("dedupe", Dedupe.DAY),
            closing=read.choice("closing", Closing.COUNT),
            withdrawn=read.choice("withdrawn", Withdrawn.KEEP),
            spam=read.choice("spam", Spam.KEEP),
            cross_day=read.choice("cross_day", CrossDay.KEEP),
            offline_leave=read.choice("offline_leave", OfflineLeave.COUNT),
            suspended=read.days("suspended"),
        )

    def to_json(self) -> dict[str, Any]:
        """The public form with every knob of its kind; `from_json` reads it back as an equal definition."""
        out: dict[str, Any] = {"kind": self.kind.value}
        if self.name is not None:
            out["name"] = self.name
        out["tz"] = self.tz
        spans = [span.to_json() for span in self.hours]
        out["hours"] = spans[0] if len(spans) == 1 else spans
        out["hours_end_inclusive"] = self.hours_end_inclusive
        if self.kind is MeasureKind.RATING:
            out["positive"] = list(self.positive)
            if self.counted:
                out["counted"] = list(self.counted)
            if self.reason:
                out["reason"] = list(self.reason)
            out["robot"] = self.robot_ratings
            out["last_only"] = self.last_only
            out["valid_hours"] = self.valid_hours
            return out
        if self.suspended:
            out["suspended"] = [[str(each.from_day), str(each.to_day)] for each in self.suspended]
        for knob in sorted(REPLY_KNOBS - {"tz", "hours", "hours_end_inclusive", "suspended"}):
            value = getattr(self, knob)
            out[knob] = value.value if isinstance(value, StrEnum) else value
        return out

    def with_settings(self, settings: Mapping[str, Any]) -> Definition:
        """The same definition with some knobs turned. Raises `DefinitionError` as `from_json` does."""
        return Definition.from_json(self.to_json() | dict(settings))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.tz)

    def in_hours(self, micros: int) -> bool:
        """Does this time of day (microseconds since midnight in `tz`) lie in the assessed hours?"""
        return any(span.holds(micros, end_inclusive=self.hours_end_inclusive) for span in self.hours)

    def is_suspended(self, day: date) -> bool:
        """Is this a day on which the platform does not assess?"""
        return any_holds(self.suspended, day)


Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Reader:
    raw: Mapping[str, Any]

    def choice(self, knob: str, default: Choice) -> Choice:
        value = self.raw.get(knob, default)
        try:
            return type(default)(value)
        except ValueError:
            raise _bad(knob, value, " / ".join(type(default)), "one of these") from None

    def flag(self, knob: str, *, default: bool) -> bool:
        value = self.raw.get(knob, default)
        if not isinstance(value, bool):
            raise _bad(knob, value, "true / false", "a boolean")
        return value

    def number(self, knob: str, default: int, least: int) -> int:
        value = self.raw.get(knob, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 10**9:
            raise _bad(knob, value, f"不小于 {least} 的整数", f"a whole number from {least}")
        return value

    def labels(self, knob: str, *, single: bool = False) -> tuple[str, ...]:
        value = self.raw.get(knob)
        if value is None:
            return ()
        if single and isinstance(value, str):
            value = [value]
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
            raise _bad(knob, value, '文字数组，例如 ["满意"]', "a list of labels")
        return tuple(value)

    def zone(self) -> str:
        value = self.raw.get("tz", "Asia/Shanghai")
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, TypeError, OSError):
            raise _bad("tz", value, "时区名，例如 Asia/Shanghai", "an IANA zone name") from None
        assert isinstance(value, str)
        return value

    def hours(self, default: tuple[Span, ...]) -> tuple[Span, ...]:
        value = self.raw.get("hours")
        if value is None:
            return default
        spans = [value] if _is_pair(value) else value
        if not isinstance(spans, list | tuple) or not spans or not all(_is_pair(span) for span in spans):
            raise _bad("hours", value, '["08:00:00","24:00:00"]', "a start and an end, HH:MM:SS")
        return tuple(_span(span) for span in spans)

    def days(self, knob: str) -> tuple[DaySpan, ...]:
        value = self.raw.get(knob)
        if value is None:
            return ()
        pairs = [value] if _is_pair(value) else value
        if not isinstance(pairs, list | tuple) or not all(_is_pair(pair) for pair in pairs):
            raise _bad_days(knob, value)
        try:
            found = tuple(
                DaySpan(date.fromisoformat(first), date.fromisoformat(last)) for first, last in pairs
            )
        except ValueError:
            raise _bad_days(knob, value) from None
        if any(each.to_day < each.from_day for each in found):
            raise _bad_days(knob, value)
        return found


def _kind(raw: Mapping[str, Any]) -> MeasureKind:
    default = MeasureKind.RATING if "positive" in raw else MeasureKind.REPLY
    value = raw.get("kind", default)
    try:
        return MeasureKind(value)
    except ValueError:
        raise _bad("kind", value, "reply / rating", "one of these") from None


def _unknown(knob: str, kind: MeasureKind) -> DefinitionError:
    other = RATING_KNOBS if kind is MeasureKind.REPLY else REPLY_KNOBS
    if knob in other:
        return DefinitionError(
            knob,
            f"旋钮 {knob} 不属于 kind={kind} 的口径，请去掉它 / knob {knob} is not one of a {kind} definition",
        )
    known = "、".join(sorted(REPLY_KNOBS if kind is MeasureKind.REPLY else RATING_KNOBS))
    return DefinitionError(knob, f"没有旋钮 {knob}，可用的有：{known} / there is no knob {knob}")


def _bad(knob: str, value: object, remedy: str, english: str) -> DefinitionError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "…"
    return DefinitionError(knob, f"旋钮 {knob} 的值 {shown} 不行，请写：{remedy} / {knob} must be {english}")


def _bad_days(knob: str, value: object) -> DefinitionError:
    return _bad(knob, value, '[["2026-02-15","2026-02-23"]]，首日和末日', "pairs of a first and a last day")


def _is_pair(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(v, str) for v in value)


def _span(pair: tuple[str, str]) -> Span:
    try:
        return read_span(*pair)
    except SpanError as error:
        raise DefinitionError("hours", str(error)) from None
