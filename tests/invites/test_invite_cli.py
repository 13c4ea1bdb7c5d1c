"""`miaohui invite LOG`: one object per session, as of its last event."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main


def message(number: int, session: str, sender: str, text: str, clock: str = "12") -> dict[str, object]:
    event = {
        "id": f"{session}-{number}",
        "type": "message",
        "at": f"2026-11-22T{clock}:{number:02}:00+08:00",
        "session": session,
        "buyer": f"B-{session}",
        "sender": sender,
        "kind": "text",
        "text": text,
    }
    return event | ({"agent": "A1"} if sender == "agent" else {})


def solved(session: str, clock: str = "12") -> list[dict[str, object]]:
    return [
        message(1, session, "buyer", "什么时候发货", clock),
        message(2, session, "agent", "亲，今天下午发出", clock),
        message(3, session, "buyer", "好的，谢谢亲", clock),
    ]


def run(events: list[dict[str, object]], *options: str) -> tuple[int, list[dict[str, object]], str]:
    log = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
    result = CliRunner().invoke(main, ["invite", "-", *options], input=log)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines() if line], result.stderr


def test_each_session_gives_one_object_in_order_of_appearance() -> None:
    open_question = [
        message(1, "S2", "buyer", "有货吗"),
        message(2, "S2", "agent", "有"),
        message(3, "S2", "buyer", "红的呢"),
    ]
    code, records, _ = run([*solved("S9"), *open_question])
    assert code == 0
    assert [(record["session"], record["advice"]) for record in records] == [("S9", "invite"), ("S2", "wait")]
    for record in records:
        assert {"session", "advice", "p_satisfied", "reasons"} <= set(record)
        assert 0 <= float(str(record["p_satisfied"])) <= 1
        assert record["reasons"]


def test_order_and_repetition_of_the_log_play_no_part() -> None:
    events = solved("S1")
    assert run(events)[1] == run([*reversed(events), *events])[1]


def test_what_came_after_as_of_is_left_out() -> None:
    rated = {
        "id": "r",
        "type": "rating",
        "at": "2026-11-22T12:30:00+08:00",
        "session": "S1",
        "buyer": "B-S1",
        "label": "满意",
    }
    assert run([*solved("S1"), rated])[1][0]["advice"] == "no"
    assert run([*solved("S1"), rated], "--as-of", "2026-11-22T12:03:00+08:00")[1][0]["advice"] == "invite"
    assert run(solved("S1"), "--as-of", "2026-11-22T12:02:30+08:00")[1][0]["advice"] == "wait"
    assert run(solved("S1"), "--as-of", "2026-11-22T11:00:00+08:00")[1] == []


def test_the_platform_brings_its_hours() -> None:
    assert run(solved("S1", "08"), "--platform", "douyin")[1][0]["advice"] == "invite"
    assert run(solved("S1", "08"), "--platform", "jd")[1][0]["advice"] == "wait"


def test_an_angry_buyer_is_not_invited() -> None:
    events = [
        message(1, "S1", "buyer", "等了十天还没发货，你们怎么回事"),
        message(2, "S1", "agent", "非常抱歉，今天一定发出"),
        message(3, "S1", "buyer", "太差劲了，什么破店"),
        message(4, "S1", "agent", "真的很抱歉"),
    ]
    assert run(events)[1][0]["advice"] == "no"


@pytest.mark.parametrize(
    ("log", "options"),
    [
        ("{}\n", ()),
        ("not json\n", ()),
        ("", ("--platform", "atlantis")),
        ("", ("--as-of", "yesterday")),
    ],
)
def test_what_cannot_be_read_ends_with_2_and_one_clear_line(log: str, options: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, ["invite", "-", *options], input=log)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_missing_file_ends_with_2(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["invite", str(tmp_path / "none.jsonl")]).exit_code == 2


def test_an_empty_log_gives_nothing() -> None:
    assert run([]) == (0, [], "")


def test_people_read_it_in_words() -> None:
    log = "".join(json.dumps(event) + "\n" for event in solved("S1"))
    result = CliRunner().invoke(main, ["invite", "-", "--format", "text"], input=log)
    assert result.exit_code == 0
    assert "邀评" in result.stdout
