"""What a shop lets the machine do, as validated data. Missing knobs have their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from app.core.spans import Span, SpanError, parse_span

ANSWER_MODES: Final = ("before_deadline", "at_once", "off")
LEARN_MODES: Final = ("replies", "clicks", "off")


class PolicyError(ValueError):
    """A policy that cannot be used; the message says which knob and what it may be."""

    def __init__(self, knob: str, message: str) -> None:
        super().__init__(f"{knob}：{message}")
        self.knob = knob


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
    """Chance that the buyer is upset above which only a person answers the matter itself."""
    max_robot_in_row: int = 3
    """Unattended replies since the buyer last heard from a person; beyond it the machine is silent."""
    typing_pause_s: int = 60
    """How long the machine waits after a person typed or spoke in the session."""

    learn: str = "replies"
    """What the phrase bank learns from: `clicks`, what agents accept or reject; `replies`, also replies that are an offered
    phrase; `off`, nothing new, and what was learned stays."""

    @property
    def quiet_spans(self) -> tuple[Span, ...]:
        return tuple(parse_span(text) for text in self.quiet_hours)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Policy:
        """Read a policy. Raises `PolicyError` for an unknown knob or a value that it cannot take."""
        known = {field.name: field for field in fields(cls)}
        values: dict[str, Any] = {}
        for knob, value in raw.items():
            if knob not in known:
                raise PolicyError(knob, f"没有这个设置；可用：{'、'.join(known)} / unknown knob")
            values[knob] = _checked(knob, value, getattr(_DEFAULTS, knob))
        policy = cls(**values)
        if policy.answer not in ANSWER_MODES:
            raise PolicyError("answer", f"只能是 {'、'.join(ANSWER_MODES)} / unknown mode")
        if policy.learn not in LEARN_MODES:
            raise PolicyError("learn", f"只能是 {'、'.join(LEARN_MODES)} / unknown mode")
        try:
            _ = policy.quiet_spans
        except SpanError as error:
            raise PolicyError("quiet_hours", str(error)) from None
        for knob in ("answer_min_score", "answer_min_lead", "upset_above"):
            if not 0 <= getattr(policy, knob) <= 1:
                raise PolicyError(knob, "必须在 0 到 1 之间 / must be in 0..1")
        return policy

    def to_json(self) -> dict[str, Any]:
        return {
            knob: list(value) if isinstance(value, tuple) else value for knob, value in asdict(self).items()
        }


_DEFAULTS: Final = Policy()


def _checked(knob: str, value: Any, default: object) -> Any:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise PolicyError(knob, "必须是 true 或 false / must be a boolean")
    elif isinstance(default, int):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise PolicyError(knob, "必须是不小于 0 的整数 / must be a whole number, 0 or more")
    elif isinstance(default, float):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise PolicyError(knob, "必须是数 / must be a number")
        return float(value)
    elif isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise PolicyError(knob, "必须是文字的列表 / must be a list of strings")
        return tuple(value)
    elif not isinstance(value, str):
        raise PolicyError(knob, "必须是文字 / must be a string")
    return value
