from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.clocks import open_items
from app.core.definitions import Definition
from app.core.events import Event, EventType, Sender, content_digest, parse_event
from app.core.measures import evaluate
from app.core.policies import Policy
from app.core.sessions import fold_session
from app.core.simulation import (
    Assumptions,
    ReplyRules,
    SimulatedDay,
    arrival_weight,
    cast_of,
    simulate_day,
)

DAY = date(2026, 11, 18)
SHANGHAI = ZoneInfo("Asia/Shanghai")
HUMANS_ONLY = Definition.from_json({"unit": "person", "hours": ["08:00:00", "23:00:00"]})
ASSIST_COUNTS = Definition.from_json({"robot": "assist_only", "hours": ["08:00:00", "23:00:00"]})
FEW_HOURS = ReplyRules(opens_s=11 * 3600, closes_s=14 * 3600)


def play(
    definition: Definition = HUMANS_ONLY, *, assist: bool, seed: int = 1, **assumptions: float
) -> SimulatedDay:
    return simulate_day(
        Assumptions(**assumptions),  # type: ignore[arg-type]
        ReplyRules.of(definition),
        on=DAY,
        assist=assist,
        seed=seed,
    )


def rate(day: SimulatedDay, definition: Definition) -> float:
    found = evaluate(day.events, definition)[0].rate
    assert found is not None
    return float(found)


@pytest.mark.parametrize("assist", [False, True])
def test_the_same_seed_gives_the_same_day(assist: bool) -> None:
    assert play(assist=assist, buyers_per_hour=30) == play(assist=assist, buyers_per_hour=30)


def test_another_seed_gives_another_day() -> None:
    assert play(assist=True, seed=1, buyers_per_hour=30) != play(assist=True, seed=2, buyers_per_hour=30)


def test_both_sides_meet_the_same_buyers() -> None:
    def first_messages(day: SimulatedDay) -> dict[str | None, datetime]:
        first: dict[str | None, datetime] = {}
        for event in day.events:
            if event.sender is Sender.BUYER:
                first.setdefault(event.buyer, event.at)
        return first

    assert first_messages(play(assist=False)) == first_messages(play(assist=True))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("definition", [HUMANS_ONLY, ASSIST_COUNTS], ids=["humans only", "assist counts"])
@pytest.mark.parametrize("buyers_per_hour", [20, 75, 120])
def test_the_assistant_never_lowers_the_rate(definition: Definition, buyers_per_hour: int, seed: int) -> None:
    off = rate(play(definition, assist=False, seed=seed, buyers_per_hour=buyers_per_hour), definition)
    on = rate(play(definition, assist=True, seed=seed, buyers_per_hour=buyers_per_hour), definition)
    assert on >= off


def test_where_the_machine_counts_the_gain_is_larger() -> None:
    humans = Definition.from_json({"hours": ["08:00:00", "23:00:00"]})
    assert rate(play(ASSIST_COUNTS, assist=True, buyers_per_hour=100), ASSIST_COUNTS) > rate(
        play(humans, assist=True, buyers_per_hour=100), humans
    )


@pytest.mark.parametrize("assist", [False, True])
def test_every_event_is_one_that_the_log_takes(assist: bool) -> None:
    day = play(ASSIST_COUNTS, assist=assist, buyers_per_hour=40)
    assert len({event.id for event in day.events}) == len(day.events)
    for event in day.events:
        again = parse_event(event.to_json())
        assert content_digest(again) == content_digest(event)


@pytest.mark.parametrize("assist", [False, True])
def test_the_log_is_in_time_order_and_each_session_folds(assist: bool) -> None:
    day = play(assist=assist, buyers_per_hour=40)
    assert all(first.order < second.order for first, second in pairwise(day.events))
    sessions: dict[str | None, list[Event]] = defaultdict(list)
    for event in day.events:
        sessions[event.session].append(event)
    assert len(sessions) == day.buyers
    for events in sessions.values():
        session = fold_session(events)
        assert session.reached_human
        assert session.messages[0].by_buyer
        assert session.handovers == (session.messages[0].at,)


def test_without_the_assistant_nothing_but_people_speaks() -> None:
    day = play(ASSIST_COUNTS, assist=False)
    assert {event.sender for event in day.events if event.sender} == {Sender.BUYER, Sender.AGENT}
    assert (day.clicked, day.holding, day.taken_over) == (0, 0, 0)


def test_no_holding_reply_where_only_people_count() -> None:
    assert play(HUMANS_ONLY, assist=True, buyers_per_hour=120).holding == 0


def test_a_switched_off_robot_says_nothing() -> None:
    day = simulate_day(
        Assumptions(buyers_per_hour=120),
        ReplyRules(machine_counts=True),
        on=DAY,
        assist=True,
        seed=1,
        policy=Policy(robot_on=False),
    )
    assert day.holding == 0
    assert not [event for event in day.events if event.sender is Sender.ROBOT_ASSIST]


def test_a_holding_reply_comes_in_its_window_and_only_once_until_a_person_speaks() -> None:
    day = play(ASSIST_COUNTS, assist=True, buyers_per_hour=120, surely_known=0)
    assert day.holding > 20
    lead = timedelta(seconds=Policy().hold_before_s)
    window = timedelta(seconds=ASSIST_COUNTS.window_s)
    oldest: dict[str | None, datetime] = {}
    held: set[str | None] = set()
    for event in day.events:
        if event.sender is Sender.BUYER:
            oldest.setdefault(event.session, event.at)
        elif event.sender is Sender.AGENT:
            oldest.pop(event.session, None)
            held.discard(event.session)
        elif event.sender is Sender.ROBOT_ASSIST:
            assert event.session not in held
            held.add(event.session)
            waited = event.at - oldest.pop(event.session)
            assert abs(waited - (window - lead)) <= timedelta(milliseconds=2)


def test_the_deadlines_it_works_by_are_those_of_the_live_clock() -> None:
    """Each holding reply goes to a buyer whom `open_items` shows with exactly the lead left."""
    day = play(ASSIST_COUNTS, assist=True, buyers_per_hour=120)
    by_buyer: dict[str | None, list[Event]] = defaultdict(list)
    for event in day.events:
        by_buyer[event.buyer].append(event)
    holds = [event for event in day.events if event.sender is Sender.ROBOT_ASSIST][:25]
    for hold in holds:
        before = [event for event in by_buyer[hold.buyer] if event.order < hold.order]
        items = [item for item in open_items(before, ASSIST_COUNTS, hold.at) if item.counted]
        left = min(item.deadline_at for item in items) - hold.at
        assert abs(left.total_seconds() - Policy().hold_before_s) <= 0.002


def test_nobody_answers_two_chats_at_the_same_time() -> None:
    """Between two replies of one agent lies at least the time to read and to click."""
    day = play(assist=True, buyers_per_hour=120)
    fastest = Assumptions()
    replies: dict[str | None, list[datetime]] = defaultdict(list)
    for event in day.events:
        if event.sender is Sender.AGENT:
            replies[event.agent].append(event.at)
    least = fastest.read_s - 0.002
    assert all(
        second - first > timedelta(seconds=least) for at in replies.values() for first, second in pairwise(at)
    )


def test_a_full_list_lets_new_buyers_queue() -> None:
    day = play(assist=False, buyers_per_hour=150, agents=1, chats_at_once=2)
    open_chats: Counter[str] = Counter()
    seat_of: dict[str | None, str] = {}
    for event in day.events:
        if event.type is EventType.ASSIGNED:
            assert event.agent is not None
            seat_of[event.session] = event.agent
            open_chats[event.agent] += 1
        elif event.type is EventType.SESSION_CLOSED:
            open_chats[seat_of[event.session]] -= 1
        assert not open_chats or max(open_chats.values()) <= 2


def test_a_chat_is_taken_over_only_after_the_warning() -> None:
    day = play(assist=True, buyers_per_hour=90)
    assert day.taken_over > 0
    seats: dict[str | None, str | None] = {}
    oldest: dict[str | None, datetime] = {}
    for event in day.events:
        if event.type is EventType.SESSION_CLOSED:
            seats.pop(event.session)
        elif event.sender is Sender.BUYER:
            oldest.setdefault(event.session, event.at)
        elif event.sender is Sender.AGENT:
            oldest.pop(event.session, None)
        elif event.type is EventType.ASSIGNED:
            if event.session in seats:
                assert event.at - oldest[event.session] >= timedelta(seconds=Policy().warn_after_s - 0.02)
            seats[event.session] = event.agent


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({}, ReplyRules()),
        (
            {"window_s": 300, "robot": "counts"},
            ReplyRules(window_s=300, machine_counts=True, robot_counts=True),
        ),
        (
            {"unit": "person", "hours": ["08:00:00", "23:00:00"]},
            ReplyRules(closes_s=23 * 3600, once_missed_stays_missed=True),
        ),
        ({"unit": "session", "session_rule": "first_item"}, ReplyRules()),
        ({"robot": "assist_only"}, ReplyRules(machine_counts=True)),
        ({"clock_start": "transfer"}, ReplyRules(clock_from_handover=True)),
        ({"clock_start": "assigned"}, ReplyRules(clock_from_assignment=True)),
        ({"hours": ["00:00:00", "24:00:00"]}, ReplyRules()),
        ({"hours": ["22:00:00", "06:00:00"]}, ReplyRules()),
        ({"tz": "Asia/Tokyo"}, ReplyRules(tz="Asia/Tokyo")),
    ],
)
def test_the_rules_are_read_from_the_definition(knobs: dict[str, object], expected: ReplyRules) -> None:
    assert ReplyRules.of(Definition.from_json(knobs)) == expected


def test_the_shop_is_liveliest_at_noon_and_in_the_evening() -> None:
    its = Assumptions()
    night, noon, afternoon, evening = (arrival_weight(hour * 3600, its) for hour in (8, 12.5, 16, 20.5))
    assert night < noon < evening
    assert afternoon < noon


def test_arrivals_keep_to_the_hours_and_to_their_mean() -> None:
    rules = ReplyRules()
    counts = []
    for seed in range(8):
        buyers = cast_of(Assumptions(buyers_per_hour=60), rules, seed).buyers
        assert all(rules.opens_s <= buyer.arrives_s < rules.closes_s for buyer in buyers)
        counts.append(len(buyers))
    # 8 days of 960 expected buyers: five standard deviations either way.
    assert abs(sum(counts) - 8 * 960) < 5 * (8 * 960) ** 0.5


def test_an_empty_day_is_a_day() -> None:
    day = play(assist=True, buyers_per_hour=0)
    assert day.events == ()
    assert day.mean_wait_s is None
    assert day.wait_quantile_s(0.9) is None
    assert evaluate(day.events, HUMANS_ONLY)[0].rate is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"agents": 0},
        {"buyers_per_hour": -1},
        {"thanks": 1.5},
        {"typing_cps": 0},
        {"patience_s": float("nan")},
        {"meal_s": float("inf")},
        {"enquiries": 0.5},
    ],
)
def test_impossible_assumptions_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Assumptions(**wrong)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    assist=st.booleans(),
    agents=st.integers(1, 4),
    chats=st.integers(1, 4),
    buyers=st.floats(0, 200),
    machine=st.booleans(),
    assigned=st.booleans(),
    missed=st.booleans(),
    patience=st.sampled_from([0, 30, 900]),
    absences=st.sampled_from([0, 2.5, 20]),
    quiet=st.sampled_from([0, 30, 300]),
)
def test_any_day_ends_and_its_figures_agree_with_its_log(
    seed: int,
    assist: bool,
    agents: int,
    chats: int,
    buyers: float,
    machine: bool,
    assigned: bool,
    missed: bool,
    patience: float,
    absences: float,
    quiet: float,
) -> None:
    rules = ReplyRules(
        opens_s=11 * 3600,
        closes_s=13 * 3600,
        machine_counts=machine,
        clock_from_assignment=assigned,
        once_missed_stays_missed=missed,
    )
    its = Assumptions(
        buyers_per_hour=buyers,
        agents=agents,
        chats_at_once=chats,
        patience_s=patience,
        absences_per_hour=absences,
        quiet_s=quiet,
    )
    day = simulate_day(its, rules, on=DAY, assist=assist, seed=seed)
    senders = Counter(event.sender for event in day.events if event.sender)
    assert senders[Sender.AGENT] == day.typed + day.clicked == len(day.waits_s)
    assert senders[Sender.ROBOT_ASSIST] == day.holding + day.answered
    assert day.left_unanswered <= day.buyers
    assert 0 <= day.busy_share <= (rules.closes_s + its.overtime_s - rules.opens_s) / 7200 + 0.1
    assert all(event.at.astimezone(SHANGHAI).date() == DAY for event in day.events)
    held = [event for event in day.events if event.type is EventType.ASSIGNED]
    assert {event.agent for event in held} <= {f"agent-{number}" for number in range(1, agents + 1)}


def test_fewer_buyers_are_answered_better() -> None:
    rates = [
        rate(play(assist=False, seed=seed, buyers_per_hour=buyers), HUMANS_ONLY)
        for buyers in (35, 70, 140)
        for seed in (1,)
    ]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > rates[-1] + 0.2


def test_a_quick_phrase_of_the_console_helps_people_alone() -> None:
    without = play(assist=False, buyers_per_hour=75, shortcuts=0)
    everywhere = play(assist=False, buyers_per_hour=75, shortcuts=1)
    assert everywhere.busy_share < without.busy_share
    assert rate(everywhere, HUMANS_ONLY) > rate(without, HUMANS_ONLY)


def knowing(policy: Policy, **assumptions: float) -> SimulatedDay:
    """A day whose phrase bank is often sure, under a measure that counts the machine's drafts."""
    known = {"surely_known": 0.4, "surely_right": 0.8, "suggestion_fits": 0.5, "buyers_per_hour": 60.0}
    return simulate_day(
        Assumptions(**(known | assumptions)),  # type: ignore[arg-type]
        ReplyRules.of(ASSIST_COUNTS),
        on=DAY,
        assist=True,
        seed=1,
        policy=policy,
    )


def sessions_of(day: SimulatedDay) -> dict[str | None, list[Event]]:
    sessions: dict[str | None, list[Event]] = defaultdict(list)
    for event in day.events:
        sessions[event.session].append(event)
    return sessions


def is_answer(event: Event) -> bool:
    return event.sender in (Sender.ROBOT, Sender.ROBOT_ASSIST) and event.text.startswith("亲，请看商品页")


def test_the_machine_answers_by_itself_as_the_policy_lets_it() -> None:
    sure = knowing(Policy())
    assert sure.answered > 10
    assert 0 < sure.answered_wrongly < sure.answered
    assert knowing(Policy(answer="off")).answered == 0
    assert knowing(Policy(answer_min_score=0.9)).answered == 0
    assert knowing(Policy(answer="at_once")).answered > sure.answered


def test_a_wrong_answer_makes_the_buyer_ask_again() -> None:
    day = knowing(Policy(answer="at_once", answer_min_score=0), surely_right=0, patience_s=1e6)
    assert day.answered == day.answered_wrongly > 50
    objections = 0
    for events in sessions_of(day).values():
        for place, event in enumerate(events):
            if is_answer(event):
                after = [
                    later for later in events[place + 1 :] if later.sender in (Sender.BUYER, Sender.AGENT)
                ]
                objections += bool(after) and after[0].text == "不是这个"
    assert objections > day.answered / 2


def test_what_the_machine_says_is_marked_as_its_own() -> None:
    day = knowing(Policy())
    said = [event for event in day.events if event.sender is Sender.ROBOT_ASSIST]
    assert said
    assert all(event.extra["outbox"] == event.id for event in said)
    for events in sessions_of(day).values():
        session = fold_session(events)
        assert all(
            message.by_machine == (message.sender is Sender.ROBOT_ASSIST) for message in session.messages
        )


def test_a_chat_that_the_machine_answered_in_the_queue_takes_no_place_from_others() -> None:
    day = knowing(Policy(answer="at_once"), agents=1, chats_at_once=1)
    last = max(event.at for event in day.events if event.sender is Sender.BUYER)
    people = [event.at for event in day.events if event.sender is Sender.AGENT]
    assert last - max(people) < timedelta(minutes=5)


def test_no_buyer_reads_the_same_machine_words_twice() -> None:
    for events in sessions_of(play(ASSIST_COUNTS, assist=True, buyers_per_hour=150)).values():
        texts = [event.text for event in events if event.sender is Sender.ROBOT_ASSIST]
        assert len(texts) == len(set(texts))


def test_without_a_warning_nobody_takes_over() -> None:
    rules = ReplyRules.of(HUMANS_ONLY)
    its = Assumptions(buyers_per_hour=90)
    silent = Policy(warn_after_s=0, last_warn_before_s=0, escalate=False)
    day = simulate_day(its, rules, on=DAY, assist=True, seed=1, policy=silent)
    assert day.taken_over == 0
    assert simulate_day(its, rules, on=DAY, assist=True, seed=1).taken_over > 0


def test_a_machine_in_front_hands_over_what_it_does_not_know() -> None:
    day = knowing(Policy(answer="at_once"), robot_in_front=1)
    sessions = [fold_session(events) for events in sessions_of(day).values()]
    alone = [session for session in sessions if not session.reached_human]
    assert 0 < len(alone) < len(sessions)
    for session in sessions:
        for message in session.messages:
            if message.sender is Sender.ROBOT:
                assert not session.handovers or message.at <= session.handovers[0]
            if message.sender in (Sender.AGENT, Sender.ROBOT_ASSIST):
                assert session.handovers[0] <= message.at
    wrong = [session for session in sessions if any("转人工" in message.text for message in session.messages)]
    assert wrong
    assert all(session.handovers for session in wrong)


def test_a_machine_in_front_is_not_there_without_the_assistant() -> None:
    assert play(assist=False, robot_in_front=1) == play(assist=False, robot_in_front=0)


def test_a_machine_in_front_that_may_not_answer_hands_over_at_once() -> None:
    day = knowing(Policy(answer="off"), robot_in_front=1)
    assert not [event for event in day.events if event.sender is Sender.ROBOT]
    assert all(fold_session(events).reached_human for events in sessions_of(day).values())
