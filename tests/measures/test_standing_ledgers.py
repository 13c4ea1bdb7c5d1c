"""Properties of standing counts: kept up event by event, they equal the fold over everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from standing_memory import Memory, fold
from standing_strategies import DAYS, START, a_log, a_measure, an_edition, seeds

from app.core.definitions import Definition
from app.core.events import Event, EventType, Sender
from app.core.measures.history import shop_of
from app.core.measures.ledger import BuyerLedger
from app.core.measures.plans import Plan
from app.core.measures.shares import Changes
from app.core.measures.standing import STORED_KEYS
from app.core.profiles import Measure

_THOROUGH = settings(max_examples=1000, deadline=None)
_WAITS = [0, 1, 29, 30, 31, 180, 181, 3600, 86_400]


def agrees(chance: Random, memory: Memory, events: list[Event], measure: Measure) -> None:
    """Any figure, live and settled, is what counting all these events anew gives."""
    now = max(event.at for event in events) + timedelta(seconds=chance.choice(_WAITS))
    first, last = chance.choice([None, *DAYS]), chance.choice([None, *DAYS])
    by = chance.choice([None, None, *STORED_KEYS])
    found = memory.figures(measure, now, first, last, by)
    assert [figure.live for figure in found] == fold(events, measure, now, first, last, by)
    assert [figure.settled for figure in found] == fold(events, measure, None, first, last, by)


@_THOROUGH
@given(seeds)
def test_counts_kept_up_event_by_event_equal_the_fold_at_any_moment(seed: int) -> None:
    """Most events come in time, some late, some twice."""
    chance = Random(seed)
    measure = a_measure(chance)
    order = sorted(a_log(chance), key=lambda event: event.order)
    for event in chance.sample(order, min(len(order), chance.choice([0, 0, 1, 3]))):
        order.remove(event)
        order.insert(chance.randrange(len(order) + 1), event)
    memory = Memory([measure])
    count = 0
    while count < len(order):
        some = chance.choice([1, 1, 1, 2, 5])
        memory.take([*order[count : count + some], order[chance.randrange(count + 1)]])
        count += some
        if count >= len(order) or chance.random() < 0.3:
            agrees(chance, memory, order[:count], measure)


@_THOROUGH
@given(seeds)
def test_what_is_stored_depends_on_the_facts_alone(seed: int) -> None:
    """Neither on their order, nor on repetition, nor on whether they came one by one."""
    chance = Random(seed)
    measures = [a_measure(chance, f"m{number}") for number in range(chance.randint(1, 3))]
    events = a_log(chance)
    shuffled = events + events[::2]
    chance.shuffle(shuffled)
    one_by_one, at_once, tidy = Memory(measures), Memory(measures), Memory(measures)
    for event in shuffled:
        one_by_one.take([event])
    for event in sorted(events, key=lambda event: event.order):
        tidy.take([event])
    for key in one_by_one.ledgers:
        own = [event for event in events if (shop_of(event), event.buyer) == key]
        at_once.settle(at_once.read(key, own))
    assert one_by_one.stored() == at_once.stored() == tidy.stored()
    assert _pending(one_by_one) == _pending(at_once) == _pending(tidy)


@settings(max_examples=200, deadline=None)
@given(seeds)
def test_for_additive_units_the_days_make_up_the_period(seed: int) -> None:
    chance = Random(seed)
    measure = a_measure(chance, additive=True)
    events = a_log(chance)
    memory = Memory([measure])
    memory.take(events)
    now = max(event.at for event in events)
    [whole] = memory.figures(measure, now, None, None, None)
    days = memory.figures(measure, now, None, None, "day")
    assert sum(day.good for day in days) == whole.good
    assert sum(day.counted for day in days) == whole.counted
    assert sum(day.pending for day in days) == whole.pending
    assert memory.spans == {}


@settings(max_examples=200, deadline=None)
@given(seeds)
def test_a_buyer_who_was_forgotten_and_read_again_goes_on_where_he_was(seed: int) -> None:
    """A ledger is only a cache: dropped at any moment and read anew from the facts, it changes nothing."""
    chance = Random(seed)
    measure = a_measure(chance)
    events = a_log(chance)
    steady, forgetful = Memory([measure]), Memory([measure])
    for count, event in enumerate(events):
        if chance.random() < 0.3 and event.buyer is not None:
            key = (shop_of(event), event.buyer)
            known = [each for each in events[:count] if (shop_of(each), each.buyer) == key]
            forgetful.read(key, known).settle(Changes())
        steady.take([event])
        forgetful.take([event])
    assert steady.stored() == forgetful.stored()
    assert _pending(steady) == _pending(forgetful)


@settings(max_examples=200, deadline=None)
@given(seeds)
def test_the_arrivals_of_a_day_add_up_to_the_day(seed: int) -> None:
    chance = Random(seed)
    measure = a_measure(chance)
    memory = Memory([measure])
    for event in a_log(chance):
        memory.take([event])
    sums: dict[tuple[str, str], list[int]] = {}
    for key, (good, counted) in memory.counts.items():
        if key.split in ("all", "arrival"):
            total = sums.setdefault((key.split, key.day), [0, 0])
            total[0] += good
            total[1] += counted
    for day in {day for _, day in sums}:
        assert sums.get(("all", day)) == sums.get(("arrival", day))


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_a_ledger_that_knows_an_event_is_not_changed_by_it(seed: int) -> None:
    chance = Random(seed)
    own = [event for event in a_log(chance) if event.buyer == "B1" and not event.extra.get("shop")]
    ledger = BuyerLedger(Plan([a_measure(chance)]), "", "B1", own)
    ledger.settle(Changes())
    changes = Changes()
    for event in own:
        ledger.take(event)
    ledger.settle(changes)
    assert changes.counts == {}
    assert changes.spans == {}
    assert len(ledger) == len(own)


def test_a_buyer_message_at_the_stamp_of_a_hand_over_takes_its_place() -> None:
    """The hand-over was counted already; the message that stands for it is spam, which counts nowhere."""
    definition = Definition.from_json(
        {"clock_start": "transfer", "spam": "drop_system", "hours": ["00:00:00", "24:00:00"]}
    )
    measure = replace(a_measure(Random(0)), kind=definition.kind, editions=(an_edition("e", definition),))
    handover = Event("a", EventType.HANDOVER, START, session="s", buyer="b")
    message = replace(handover, id="b", type=EventType.MESSAGE, sender=Sender.BUYER, spam="system")
    memory = Memory([measure])
    memory.take([handover])
    assert [figure.counted for figure in memory.figures(measure, START, None, None, None)] == [1]
    memory.take([message])
    assert [figure.counted for figure in memory.figures(measure, START, None, None, None)] == [0]


def test_a_person_of_the_period_counts_once_under_each_edition() -> None:
    definition = Definition.from_json(
        {"unit": "person", "dedupe": "period", "hours": ["00:00:00", "24:00:00"]}
    )
    editions = (
        an_edition("old", definition, last=DAYS[1]),
        an_edition("new", definition, first=DAYS[2]),
    )
    measure = replace(a_measure(Random(0)), kind=definition.kind, editions=editions)
    memory = Memory([measure])
    events = [
        Event(
            f"e{number}",
            EventType.MESSAGE,
            START + timedelta(days=number),
            session="s",
            buyer="b",
            sender=Sender.BUYER,
        )
        for number in range(4)
    ]
    for event in events:
        memory.take([event])
    [figure] = memory.figures(measure, events[-1].at, None, None, None)
    assert (figure.good, figure.counted, figure.pending) == (0, 2, 0)
    assert figure.live == fold(events, measure, events[-1].at, None, None, None)[0]


def _pending(memory: Memory) -> list[list[Any]]:
    return sorted(
        [*key, sorted(open_.untils)]
        for ledger in memory.ledgers.values()
        for open_ in ledger.pending()
        for key in open_.keys
    )
