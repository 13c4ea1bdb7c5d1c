"""A log played again: what people did is given, what our machine said is taken out, and steps fall when they are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given as given_values
from hypothesis import settings
from hypothesis import strategies as st

from app.core.auto_reply import Decision, Purpose, Say, Silence
from app.core.clocks import OpenItem
from app.core.definitions import Definition
from app.core.events import Event, EventType, Kind, Sender
from app.core.ladder import Due, steps
from app.core.policies import Policy
from app.core.rehearsal import HEARD_AFTER, Look, Rehearsed, differences, given, rehearse

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=2)
COUNTS = Definition.from_json({"window_s": 180, "robot": "counts"})


def event(number: int, second: float, sender: str = "buyer", **more: Any) -> Event:
    fields: dict[str, Any] = {
        "id": f"e{number:03d}",
        "type": EventType.MESSAGE,
        "at": NOON + timedelta(seconds=second),
        "session": "s",
        "buyer": "b",
        "sender": Sender(sender),
        "kind": Kind.TEXT,
        "text": "什么时候发货",
    }
    return Event(**fields | more)


@dataclass
class Parrot:
    """Says the same before every deadline, and at once if it is told to; pauses until a time once."""

    words: str = "稍等"
    at_once: bool = False
    policy: Policy = field(default_factory=Policy)
    pause_s: float = 0

    def on_arrival(self, look: Look) -> Decision | None:
        return self._say(look) if self.at_once and look.item is not None else None

    def before_deadline(self, look: Look) -> Decision | None:
        assert look.item is not None
        until = look.item.deadline_at - timedelta(seconds=10)
        if self.pause_s and look.now < until:
            return Silence("human_typing", ("客服在输入",), until)
        return self._say(look)

    def ladder(self, look: Look, item: OpenItem) -> Sequence[Due]:
        return steps(item.at, item.deadline_at, self.policy) if item.counted else ()

    def leads(self, look: Look, item: OpenItem) -> bool:
        return min(look.items, key=lambda other: other.at).item_id == item.item_id

    def _say(self, look: Look) -> Decision:
        assert look.item is not None
        once = f"{look.session.id}:{look.item.item_id}"
        if not self.words:
            return Silence("switched_off", ("机器人总开关已关闭",))
        return Say(Purpose.HOLDING, self.words, "p", Sender.ROBOT, once, look.item.deadline_at, ("理由",))


def play(events: list[Event], machine: Parrot | None = None, **more: Any) -> Rehearsed:
    asked = {"since": NOON, "until": LATER} | more
    run = rehearse(given(events), lambda at: COUNTS, machine or Parrot(), **asked)
    assert run is not None
    return run


def seconds(run: Rehearsed) -> list[float]:
    return [(said.at - NOON).total_seconds() for said in run.said]


def test_nobody_answers_and_every_step_falls_when_it_is_due() -> None:
    run = play([event(1, 0)], Parrot(words=""))
    assert run.steps == {"warn": 1, "warn_last": 1, "miss": 1, "escalate": 1}
    (kept,) = run.silent
    assert (kept.code, kept.at) == ("switched_off", NOON + timedelta(seconds=155))


def test_what_the_machine_says_ends_a_wait_where_it_counts_and_is_heard_a_second_later() -> None:
    run = play([event(1, 0)])
    assert seconds(run) == [155]
    assert run.steps == {"warn": 1, "warn_last": 1}
    (spoken,) = [one for one in run.events if one.sender is Sender.ROBOT]
    assert (spoken.at, spoken.text) == (run.said[0].at + HEARD_AFTER, "稍等")


def test_a_person_who_answers_ends_the_wait_at_that_moment() -> None:
    assert play([event(1, 0), event(2, 90, "agent")]).steps == {}
    late = play([event(1, 0), event(2, 156, "agent")])
    assert seconds(late) == [155]


def test_what_our_machine_really_said_is_no_fact_in_whatever_form_the_log_has_it() -> None:
    ours = event(2, 20, "robot", extra={"outbox": "o1"}, text="机器说的")
    echo = event(3, 21, "agent", extra={"echo_of": "o1"}, text="机器说的")
    same = event(4, 22, "robot", text="机器说的")
    person = event(5, 23, "agent", text="人说的")
    assert [one.id for one in given([event(1, 0), ours, echo, same, person])] == ["e001", "e004", "e005"]
    assert [one.id for one in given([event(1, 0), ours, same])] == ["e001"]


def test_a_pause_is_waited_for() -> None:
    assert seconds(play([event(1, 0)], Parrot(pause_s=1))) == [170]


def test_what_lies_before_the_first_day_is_known_and_not_acted_upon() -> None:
    events = [event(1, 0), event(2, 400)]
    run = play(events, since=NOON + timedelta(seconds=300))
    assert seconds(run) == []
    assert play(events, Parrot(at_once=True), since=NOON + timedelta(seconds=300)).said[0].about == "e002"


def test_what_is_due_after_the_end_is_not_played() -> None:
    assert seconds(play([event(1, 0)], until=NOON + timedelta(seconds=150))) == []


def test_the_same_is_said_once() -> None:
    run = play([event(1, 0)], Parrot(at_once=True))
    assert seconds(run) == [0]


def test_the_play_ends_when_it_takes_too_long() -> None:
    answers = iter([False, True])
    events = [event(1, 0), event(2, 10)]
    assert (
        rehearse(events, lambda at: COUNTS, Parrot(), since=NOON, until=LATER, stop=lambda: next(answers))
        is None
    )


def test_differences_are_told_by_message_with_the_reason_of_the_silent_side() -> None:
    events = [event(1, 0)]
    says, other, silent = play(events), play(events, Parrot("马上来")), play(events, Parrot(""))
    assert differences(says, says) == []
    (changed,) = differences(says, other)
    assert (changed.kind, changed.said[0][0].text, changed.said[1][0].text) == ("changed", "稍等", "马上来")
    (gone,) = differences(says, silent)
    assert gone.kind == "gone"
    assert gone.kept[0] is None
    assert gone.kept[1] is not None
    assert gone.kept[1].code == "switched_off"
    (new,) = differences(silent, says)
    assert new.kind == "new"
    (moved,) = differences(says, play(events, Parrot(policy=Policy(hold_before_s=30))))
    assert moved.kind == "changed"


lines = st.lists(
    st.tuples(
        st.integers(0, 1200), st.sampled_from(("buyer", "agent", "robot", "welcome")), st.sampled_from("st")
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given_values(lines=lines, at_once=st.booleans(), order=st.randoms(use_true_random=False))
def test_the_order_of_arrival_plays_no_part_and_the_same_machine_makes_no_difference(
    lines: list[tuple[int, str, str]], at_once: bool, order: Any
) -> None:
    events = [event(number, second, who, session=name) for number, (second, who, name) in enumerate(lines)]
    shuffled = list(events)
    order.shuffle(shuffled)
    first, second = play(events, Parrot(at_once=at_once)), play(shuffled, Parrot(at_once=at_once))
    assert differences(first, second) == []
    assert (first.said, first.steps, first.silent) == (second.said, second.steps, second.silent)
