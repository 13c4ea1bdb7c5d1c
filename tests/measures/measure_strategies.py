"""Random small logs and random knobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from app.core.definitions import (
    AssessBy,
    Burst,
    ClockStart,
    Closing,
    CrossDay,
    Dedupe,
    OfflineLeave,
    Robot,
    RobotOnly,
    SessionRule,
    Spam,
    Unit,
    Welcome,
    Withdrawn,
)
from app.core.events import Event, EventType, Kind, Sender

# The stretch crosses 23:00 and midnight in Shanghai, where most edges are.
START = datetime(2024, 3, 5, 14, 50, tzinfo=UTC)

CHOICES: dict[str, type[Any]] = {
    "unit": Unit,
    "assess_by": AssessBy,
    "burst": Burst,
    "session_rule": SessionRule,
    "robot": Robot,
    "welcome": Welcome,
    "robot_only": RobotOnly,
    "clock_start": ClockStart,
    "dedupe": Dedupe,
    "closing": Closing,
    "withdrawn": Withdrawn,
    "spam": Spam,
    "cross_day": CrossDay,
    "offline_leave": OfflineLeave,
}


def settings_of() -> st.SearchStrategy[dict[str, Any]]:
    """Any combination of knobs."""
    return st.fixed_dictionaries(
        {},
        optional={knob: st.sampled_from([value.value for value in kind]) for knob, kind in CHOICES.items()}
        | {
            "window_s": st.sampled_from([30, 180, 300, 86399]),
            "inclusive": st.booleans(),
            "hours": st.sampled_from(
                [["08:00:00", "23:00:00"], ["00:00:00", "24:00:00"], ["23:00:00", "24:00:00"]]
            ),
            "hours_end_inclusive": st.booleans(),
            "suspended": st.sampled_from(
                [
                    [],
                    [["2024-03-05", "2024-03-05"]],
                    [["2024-03-06", "2024-03-09"], ["2024-04-01", "2024-04-02"]],
                ]
            ),
            "tz": st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York"]),
        },
    )


@st.composite
def logs(draw: st.DrawFn, *, distinct: bool = False, buyers: int = 2) -> list[Event]:
    """Up to 14 events of a few buyers with up to two sessions each, in any order."""
    seconds = st.sampled_from([0, 0, 30, 31, 180, 181, 300, 301, 570, 600, 601, 780, 3600, 4200, 4230])
    stamps = draw(st.lists(seconds, min_size=1, max_size=14, unique=False))
    events: list[Event] = []
    said: list[tuple[str, str, str]] = []
    for index, second in enumerate(stamps):
        at = START + timedelta(seconds=second, microseconds=index if distinct else 0)
        buyer = f"B{draw(st.integers(1, buyers))}"
        session = f"{buyer}-S{draw(st.integers(1, 2))}"
        event_id = f"e{index}"
        kind = draw(
            st.sampled_from(["buyer"] * 5 + ["agent"] * 3 + ["robot", "robot_assist", "welcome", "other"])
        )
        if kind == "buyer":
            events.append(
                Event(
                    event_id,
                    EventType.MESSAGE,
                    at,
                    session=session,
                    buyer=buyer,
                    sender=Sender.BUYER,
                    kind=Kind.TEXT,
                    courtesy=draw(st.sampled_from([None, True])),
                    offline=draw(st.sampled_from([None, None, True])),
                    spam=draw(st.sampled_from([None, None, None, "system", "reported", "ad"])),
                )
            )
            said.append((event_id, session, buyer))
        elif kind != "other":
            agent = draw(st.sampled_from(["A1", "A2"])) if kind != "welcome" else None
            events.append(
                Event(
                    event_id,
                    EventType.MESSAGE,
                    at,
                    session=session,
                    buyer=buyer,
                    agent=agent,
                    sender=Sender(kind),
                )
            )
        else:
            which = draw(st.sampled_from(["handover", "assigned", "buyer_flagged", "message_withdrawn"]))
            fields: dict[str, Any] = {"session": session, "buyer": buyer}
            if which == "assigned":
                fields["agent"] = draw(st.sampled_from(["A1", "A2"]))
            elif which == "buyer_flagged":
                fields["flag"] = draw(st.sampled_from(["spam_system", "spam_reported"]))
            elif which == "message_withdrawn":
                if not said:
                    continue
                message, session, buyer = draw(st.sampled_from(said))
                fields = {"message": message, "session": session, "buyer": buyer}
            events.append(Event(event_id, EventType(which), at, **fields))
    return events


moments = st.none() | st.sampled_from([0, 30, 180, 181, 600, 601, 3600, 5000]).map(
    lambda second: START + timedelta(seconds=second)
)
