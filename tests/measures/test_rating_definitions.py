"""Ratings by definition. A rating is (time on 5 March 2024, label, extra fields)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from short_logs import log_of

from app.core.definitions import Definition
from app.core.events import parse_event
from app.core.measures import evaluate

KS = {"positive": ["满意"], "counted": ["满意", "一般", "失望"]}


def counts(knobs: dict[str, Any], *shorts: Any, **options: Any) -> tuple[int, int]:
    ratings = [{"t": t, "label": label, **(extra[0] if extra else {})} for t, label, *extra in shorts]
    events = [parse_event(event) for event in log_of({"day": "2024-03-05", "ratings": ratings})]
    [result] = evaluate(events, Definition.from_json(knobs), **options)
    assert result.pending == 0
    return result.numerator, result.denominator


@pytest.mark.parametrize(
    ("knobs", "shorts", "expected"),
    [
        pytest.param(
            KS, [("10:00:00", "满意"), ("10:01:00", "五星")], (1, 1), id="an unknown label is not counted"
        ),
        pytest.param(
            {"positive": ["好"]}, [("10:00:00", "好"), ("10:01:00", "差")], (1, 2), id="every label counts"
        ),
        pytest.param(KS, [("03:00:00", "满意")], (1, 1), id="without hours the whole day counts"),
        pytest.param(
            KS | {"hours": ["08:00:00", "23:00:00"]},
            [
                ("23:30:00", "满意", {"invited_at": "22:59:59"}),
                ("09:00:00", "失望", {"invited_at": "07:59:59"}),
            ],
            (1, 1),
            id="hours apply to the card",
        ),
        pytest.param(
            KS | {"hours": ["08:00:00", "23:00:00"]},
            [("07:00:00", "满意"), ("08:00:00", "失望")],
            (0, 1),
            id="and to the rating where no card is known",
        ),
        pytest.param(
            KS | {"valid_hours": 24},
            [
                ("2024-03-06T10:00:00", "满意", {"invited_at": "10:00:00"}),
                ("2024-03-06T10:00:01", "满意", {"invited_at": "10:00:00"}),
                ("2024-03-09T10:00:00", "失望"),
            ],
            (1, 2),
            id="later than the valid hours is dropped, exactly at them is kept",
        ),
        pytest.param(
            KS | {"positive": ["一般", "失望"], "counted": ["一般", "失望"], "reason": "服务态度差"},
            [
                ("10:00:00", "失望", {"reason": "回复慢，服务态度差"}),
                ("10:01:00", "一般", {"reason": "服务态度"}),
                ("10:02:00", "失望"),
            ],
            (1, 3),
            id="the reason narrows the numerator only",
        ),
        pytest.param(
            KS | {"last_only": True},
            [
                ("10:00:00", "失望", {"agent": "A1"}),
                ("11:00:00", "满意", {"agent": "A1"}),
                ("12:00:00", "失望", {"agent": "A2"}),
                ("13:00:00", "失望", {"agent": "A1", "buyer": "B2"}),
                ("2024-03-06T09:00:00", "失望", {"agent": "A1"}),
            ],
            (1, 4),
            id="the last of buyer, agent and day",
        ),
        pytest.param(
            KS | {"last_only": True, "robot": False},
            [("10:00:00", "满意", {"agent": "A1"}), ("11:00:00", "失望", {"agent": "A1", "by": "robot"})],
            (1, 1),
            id="what does not count hides no earlier rating",
        ),
    ],
)
def test_a_rating_definition_reads_as_agreed(
    knobs: dict[str, Any], shorts: list[Any], expected: tuple[int, int]
) -> None:
    assert counts(knobs, *shorts) == expected


def test_a_late_rating_is_not_there_before_it_came() -> None:
    definition = Definition.from_json(KS)
    events = [
        parse_event(event)
        for event in log_of(
            {
                "day": "2024-03-05",
                "ratings": [{"t": "10:00:00", "label": "满意"}, {"t": "12:00:00", "label": "失望"}],
            }
        )
    ]
    [before] = evaluate(events, definition, as_of=events[0].at)
    assert before.rate_text == "1"
    assert evaluate(events, definition)[0].rate_text == "1/2"


def test_a_rating_belongs_to_its_own_day() -> None:
    shorts = [("2024-03-06T00:10:00", "满意", {"invited_at": "23:50:00"})]
    assert counts(KS, *shorts, last_day=date(2024, 3, 5)) == (0, 0)
    assert counts(KS, *shorts, first_day=date(2024, 3, 6)) == (1, 1)


def test_ratings_split_by_the_agent_who_had_the_session() -> None:
    log = log_of(
        {
            "day": "2024-03-05",
            "events": [
                {"t": "09:00:00", "from": "assigned", "agent": "A1"},
                {"t": "09:30:00", "from": "agent", "agent": "A9", "buyer": "B2"},
            ],
            "ratings": [
                {"t": "10:00:00", "label": "满意"},
                {"t": "10:00:00", "label": "失望", "buyer": "B2"},
                {"t": "10:00:00", "label": "满意", "buyer": "B3", "agent": "A1"},
                {"t": "10:00:00", "label": "满意", "buyer": "B4"},
            ],
        }
    )
    found = evaluate([parse_event(event) for event in log], Definition.from_json(KS), by="agent")
    assert {result.key[1]: result.rate_text for result in found if result.key} == {
        "A1": "1",
        "A9": "0",
        "": "1",
    }
