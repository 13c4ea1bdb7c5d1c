"""What became of an invitation is read as it was when it went out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from app.cli import main
from app.core.definitions import Definition
from app.core.events import Event, parse_event
from app.core.invitation_outcomes import outcome_of
from app.core.recalibration import Outcome
from app.core.sessions import Session

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DEFINITION = Definition.from_json({"kind": "rating", "positive": ["满意"], "counted": ["满意", "不满意"]})


def event(minute: int, type_: str, **more: Any) -> Event:
    at = (START + timedelta(minutes=minute)).isoformat()
    return parse_event(
        {"id": f"{type_}-{minute}", "type": type_, "at": at, "session": "s1", "buyer": "b1"} | more
    )


def say(minute: int, sender: str, text: str) -> Event:
    more = {"agent": "小林"} if sender == "agent" else {}
    return event(minute, "message", sender=sender, kind="text", text=text, **more)


def words(session: Session) -> float:
    """Stands for the model: as many hundredths as the session has messages."""
    return len(session.messages) / 100


ASKED = (say(0, "buyer", "发货了吗"), say(1, "agent", "今天发"), event(2, "invite_sent", by="agent"))
AFTER = (say(3, "buyer", "怎么还没有发！"), event(4, "rating", label="不满意"))


def outcome(*events: Event) -> Outcome | None:
    return outcome_of(events, DEFINITION, words)


def test_what_the_buyer_said_after_the_invitation_plays_no_part() -> None:
    found = outcome(*ASKED, *AFTER)
    assert found == Outcome("s1", ASKED[2].at, AFTER[1].at, 0.02, False)


def test_without_invitation_or_rating_nothing_is_learned() -> None:
    assert outcome(*ASKED) is None
    assert outcome(*ASKED[:2], *AFTER) is None
    assert outcome(*ASKED, event(4, "rating", label="看过")) is None


def test_an_invitation_after_the_rating_did_not_bring_it() -> None:
    assert outcome(*ASKED[:2], event(4, "rating", label="满意"), event(5, "invite_sent", by="system")) is None


def test_the_platform_s_own_word_on_when_the_card_went_out_goes_first() -> None:
    card = event(4, "rating", label="满意", invited_at=ASKED[1].at.isoformat())
    found = outcome(*ASKED, card)
    assert found is not None
    assert (found.invited_at, found.chance, found.good) == (ASKED[1].at, 0.02, True)


def test_the_last_rating_counts() -> None:
    found = outcome(*ASKED, *AFTER, event(9, "rating", label="满意"))
    assert found is not None
    assert found.good


@given(st.permutations([*ASKED, *AFTER]))
def test_the_order_of_arrival_plays_no_part(events: list[Event]) -> None:
    assert outcome(*events) == outcome(*ASKED, *AFTER)


@pytest.fixture
def log() -> str:
    """Two hundred sessions whose buyers all sound content, and of whom half rate badly."""
    lines = []
    for n in range(200):
        at = START + timedelta(minutes=20 * n)
        told = [
            ("message", 0, {"sender": "buyer", "kind": "text", "text": "什么时候发货"}),
            ("message", 1, {"sender": "agent", "agent": "小林", "kind": "text", "text": "今天下午发出"}),
            ("message", 2, {"sender": "buyer", "kind": "text", "text": "好的谢谢"}),
            ("invite_sent", 3, {"by": "agent"}),
            ("rating", 4, {"label": "失望" if n % 2 else "满意"}),
        ]
        lines += [
            {
                "id": f"{n}-{minute}",
                "type": kind,
                "at": (at + timedelta(minutes=minute)).isoformat(),
                "session": f"s{n}",
                "buyer": f"b{n}",
            }
            | more
            for kind, minute, more in told
        ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def test_the_command_says_what_the_past_says(log: str) -> None:
    told = CliRunner().invoke(main, ["recalibrate", "-", "--platform", "kuaishou"], input=log)
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["judgement"]["outcomes"], found["judgement"]["good"]) == (200, 100)
    assert found["judgement"]["verdict"] == "better"
    text = CliRunner().invoke(
        main, ["recalibrate", "-", "--platform", "kuaishou", "--format", "text"], input=log
    )
    assert "校准后更准，可以开" in text.stdout


def test_a_platform_without_ratings_is_refused() -> None:
    told = CliRunner().invoke(main, ["recalibrate", "-", "--platform", "nowhere"], input="")
    assert told.exit_code == 2
    assert "没有平台" in told.stderr
