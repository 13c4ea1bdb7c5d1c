"""What a shop lets the machine do, as validated data. Missing knobs have their defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from app.core.knobs import KNOBS, LISTS, Kind, fault_of
from app.core.spans import Span, parse_span


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one knob, and what it may be."""

    knob: str
    message: str

    @property
    def label(self) -> str:
        """The knob as people know it; its name where there is no such knob."""
        return KNOBS[self.knob].label if self.knob in KNOBS else self.knob


class PolicyError(ValueError):
    """A policy that cannot be used, with everything that is wrong with it, in the order of the knobs."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        order = list(KNOBS)
        self.faults = tuple(
            sorted(faults, key=lambda fault: order.index(fault.knob) if fault.knob in KNOBS else len(order))
        )
        super().__init__(
            "；".join(f"{fault.label}（{fault.knob}）：{fault.message}" for fault in self.faults)
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """A shop's policy. Times are whole seconds."""

    robot_on: bool = True
    """The kill switch: off, and the machine says nothing by itself."""
    quiet_hours: tuple[str, ...] = ()
    """Spans of the day such as "00:00-07:00" in which the machine says nothing by itself."""

    warn_after_s: int = 100
    """When an agent is warned that a buyer waits (the official tool of one platform reminds at 100 s)."""
    last_warn_before_s: int = 40
    """How long before the deadline the agent is warned for the last time; 0 for no last warning."""
    escalate_after_s: int = 60
    """How long after a miss a supervisor is told, if still nobody has answered; 0 for at once."""
    escalate: bool = True
    """Tell a supervisor of a miss at all."""

    welcome: bool = False
    """Greet a buyer who opens a session, where the platform does not do it by itself."""
    welcome_phrases: tuple[str, ...] = ("greet-hello",)
    off_hours: bool = True
    """Say outside the service hours that nobody is there, and when somebody will be."""
    off_hours_phrases: tuple[str, ...] = ("greet-offhours",)
    once_within_h: int = 12
    """A buyer hears the welcome, and the words for off hours, once within so many hours, whatever the session."""

    holding: bool = True
    """Say a holding reply when nobody answered shortly before the deadline."""
    holding_phrases: tuple[str, ...] = ("hold-wait",)
    """Ids of the phrases that may be said so; they must fit whatever the buyer wrote."""
    hold_before_s: int = 25
    """How long before the deadline that is."""

    answer: str = "before_deadline"
    """Answer by itself from the phrase bank: `before_deadline` (instead of the holding reply), `at_once`, `off`."""
    answer_categories: tuple[str, ...] = ()
    """Categories that may be answered unattended; empty for all."""
    answer_min_score: float = 0.8
    """The chance of being right that an unattended answer needs."""
    answer_min_lead: float = 0.0
    """How far its chance must lie above that of the next reply, beside the bank's own rule for the gap."""
    handover_words: tuple[str, ...] = ("转人工", "人工客服", "找人工", "真人", "人工服务")
    """A buyer who writes one of these wants a person: the machine does not answer, it only asks for patience."""
    complaint_words: tuple[str, ...] = (
        "投诉",
        "举报",
        "12315",
        "工商",
        "消协",
        "曝光",
        "起诉",
        "律师",
        "差评",
    )
    """A buyer who writes one of these has a complaint, which only a person answers."""
    upset_above: float = 0.6
    """Displeasure of the buyer (`Mood.displeasure`) above which only a person answers the matter itself."""
    max_robot_in_row: int = 3
    """Unattended replies since the buyer last heard from a person; beyond it the machine is silent."""
    typing_pause_s: int = 60
    """How long the machine waits after a person typed or spoke in the session."""

    invite: bool = False
    """Ask a buyer for a rating by itself, where the advice is to ask."""
    invite_after_s: int = 120
    """How long after the last word of either side that is done."""
    invite_min_chance: float = 0.9
    """The chance of a good rating that it needs, where that is more than the target."""
    invite_cooldown_days: int = 7
    """A buyer who was invited in another session within so many days is left alone, by people too; 0 for no such rest."""
    invite_after_bad_days: int = 30
    """The same after a rating that was not a good one."""
    invite_phrases: tuple[str, ...] = ()
    """Ids of the phrases that invite; none for the words that we bring."""

    learn: str = "replies"
    """What the phrase bank learns from: `clicks`, what agents accept or reject; `replies`, also replies that are an offered
    phrase; `off`, nothing new, and what was learned stays."""

    @property
    def quiet_spans(self) -> tuple[Span, ...]:
        return tuple(parse_span(text) for text in self.quiet_hours)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Policy:
        """Read a policy that somebody wrote. Raises `PolicyError` with all that is wrong with it.

        That is an unknown knob, a value out of its bounds, and values that do not go together.
        """
        faults = []
        for name, value in raw.items():
            knob = KNOBS.get(name)
            message = fault_of(knob, value) if knob is not None else _unknown()
            if message is not None:
                faults.append(Fault(name, message))
        sound = {name: value for name, value in raw.items() if name not in {fault.knob for fault in faults}}
        policy = cls.of_record(sound)
        if faults := [*faults, *policy._disagreements()]:
            raise PolicyError(faults)
        return policy

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Policy:
        """A policy as it was stored. Never fails: what was sound when it was stored stays in force until somebody changes it."""
        return cls(**{name: _as_stored(name, record[name]) for name in KNOBS if name in record})

    def to_json(self) -> dict[str, Any]:
        return {
            knob: list(value) if isinstance(value, tuple) else value for knob, value in asdict(self).items()
        }

    def faults_in_window(self, window_s: int) -> list[Fault]:
        """What does not fit the time that a platform gives for a reply, in seconds."""
        return [
            Fault(knob, f"必须小于平台的时限 {window_s} 秒 / must be less than the window")
            for knob in ("warn_after_s", "last_warn_before_s", "hold_before_s")
            if getattr(self, knob) >= window_s
        ]

    def _disagreements(self) -> list[Fault]:
        """Values that do not go together."""
        faults = [
            Fault(name, f"开了“{KNOBS[knob.needed_by].label}”，至少要选一条 / at least one is needed")
            for name, knob in KNOBS.items()
            if knob.needed_by and getattr(self, knob.needed_by) and not getattr(self, name)
        ]
        if self.holding and 0 < self.last_warn_before_s <= self.hold_before_s:
            faults.append(
                Fault(
                    "last_warn_before_s",
                    f"要大于“{KNOBS['hold_before_s'].label}”的 {self.hold_before_s} 秒，让客服在机器开口之前来得及回；"
                    "或者写 0 / the last warning must come before the holding reply",
                )
            )
        both = [word for word in self.complaint_words if word in self.handover_words]
        if both:
            faults.append(
                Fault(
                    "complaint_words",
                    f"“{both[0]}”已在“{KNOBS['handover_words'].label}”里 / stands in both lists",
                )
            )
        return faults


def changes_between(before: Policy, after: Policy) -> dict[str, tuple[Any, Any]]:
    """The knobs that differ, with both values as JSON, in the order in which people meet the knobs."""
    was, now = before.to_json(), after.to_json()
    return {name: (was[name], now[name]) for name in KNOBS if was[name] != now[name]}


_NAMES: Final = "、".join(KNOBS)


def _unknown() -> str:
    return f"没有这个设置；可用：{_NAMES} / unknown knob"


def _as_stored(name: str, value: Any) -> Any:
    kind = KNOBS[name].kind
    if kind in LISTS:
        return tuple(value)
    return float(value) if kind is Kind.CHANCE else value
