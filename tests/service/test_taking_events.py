"""Events come in through the signed webhook, are stored once, and are answered with a decision."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from conftest_service import Running
from sqlmodel import select

from app.db.tables import ConflictRow, DeadlineRow, EventRow, SessionRow


def test_a_buyers_message_opens_a_clock_and_gets_suggestions_with_reasons(running: Running) -> None:
    answer = running.post(running.message("m1", "我的快递到哪里了"))
    assert answer.status_code == 200
    (result,) = answer.json()["results"]
    assert result["status"] == "accepted"
    clock = result["decision"]["clock"]
    assert clock["item_id"] == "m1"
    assert clock["seconds_left"] == pytest.approx(180, abs=1)
    assert clock["counted"] is True
    suggestions = result["decision"]["suggestions"]
    assert suggestions
    assert all(hit["why"] and 0 < hit["score"] <= 1 for hit in suggestions)


def test_the_same_event_again_is_a_duplicate_and_changes_nothing(running: Running) -> None:
    event = running.message("m1")
    running.post(event)
    before = snapshot(running)
    again = running.post(event)
    assert again.status_code == 200
    (result,) = again.json()["results"]
    assert (result["id"], result["status"]) == ("m1", "duplicate")
    # The first answer may have been lost, so the second says all of it again.
    assert result["decision"]["clock"]["item_id"] == "m1"
    assert result["decision"]["suggestions"]
    assert snapshot(running) == before


def test_the_same_id_with_other_content_is_refused_recorded_and_leaves_the_first_untouched(
    running: Running,
) -> None:
    running.post(running.message("m1", "原来的话"))
    before = snapshot(running)
    answer = running.post(running.message("m1", "另外的话"))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reason"] == "conflict"
    assert snapshot(running) == before
    with running.db() as db:
        (conflict,) = db.exec(select(ConflictRow)).all()
    assert conflict.refused_id == "m1"
    assert "另外的话" in conflict.body


def test_in_a_batch_a_conflicting_event_is_rejected_and_the_rest_stand(running: Running) -> None:
    running.post(running.message("m1", "原来的话"))
    answer = running.post(
        [running.message("m2"), running.message("m1", "另外的话"), {"id": "m3", "type": "no"}]
    )
    assert answer.status_code == 200
    statuses = [(r["id"], r["status"], r.get("reason")) for r in answer.json()["results"]]
    assert statuses == [
        ("m2", "accepted", None),
        ("m1", "rejected", "conflict"),
        ("m3", "rejected", "unknown_type"),
    ]


def test_two_different_events_with_one_id_in_one_batch_the_first_stands(running: Running) -> None:
    answer = running.post(
        [running.message("m1", "甲"), running.message("m1", "乙"), running.message("m1", "甲")]
    )
    statuses = [r["status"] for r in answer.json()["results"]]
    assert statuses == ["accepted", "rejected", "duplicate"]


def test_the_same_delivery_with_another_body_is_a_conflict(running: Running) -> None:
    running.post(running.message("m1"), delivery_id="d-1")
    answer = running.post(running.message("m2"), delivery_id="d-1")
    assert answer.status_code == 409
    with running.db() as db:
        assert db.exec(select(EventRow.id)).all() == ["m1"]
        assert [row.scope for row in db.exec(select(ConflictRow))] == ["delivery"]


def test_the_same_delivery_again_is_answered_with_duplicates(running: Running) -> None:
    body = running.message("m1")
    running.post(body, delivery_id="d-1")
    answer = running.post(body, delivery_id="d-1")
    assert answer.status_code == 200
    assert answer.json()["results"][0]["status"] == "duplicate"


def test_unknown_fields_are_kept(running: Running) -> None:
    running.post(running.message("m1", shop_note={"a": [1, 2]}))
    with running.db() as db:
        assert db.get(EventRow, ("demo", "m1")).body["shop_note"] == {"a": [1, 2]}  # type: ignore[union-attr]


def test_a_human_reply_closes_the_clock(running: Running) -> None:
    running.post([running.message("h0", type="handover"), running.message("m1")])
    running.clock.forward(30)
    running.post(running.reply("r1"))
    with running.db() as db:
        assert db.exec(select(DeadlineRow)).all() == []
        (session,) = db.exec(select(SessionRow)).all()
    assert session.waiting_since is None


def test_a_message_outside_the_assessed_hours_waits_without_being_counted(running: Running) -> None:
    running.clock.forward(timedelta(hours=14).total_seconds())
    answer = running.post(running.message("m1"))
    clock = answer.json()["results"][0]["decision"]["clock"]
    assert clock["counted"] is False
    assert clock["reason_uncounted"]


def test_a_careless_reply_of_an_agent_is_found(running: Running) -> None:
    running.post(running.message("m1"))
    answer = running.post(running.reply("r1", "不知道！你想怎样？"))
    findings = answer.json()["results"][0]["decision"]["findings"]
    assert findings
    assert all(f["match"] == "不知道！你想怎样？"[f["start"] : f["end"]] for f in findings)


def test_events_of_an_api_key_belong_to_its_shop(running: Running) -> None:
    answer = running.ask("POST", "/v1/events", json=running.message("m1"))
    assert answer.status_code == 200
    with running.db() as db:
        assert db.exec(select(EventRow.shop_id)).all() == ["demo"]


def test_the_generic_hook_takes_the_same_events(running: Running) -> None:
    body = json.dumps(running.message("m1")).encode()
    answer = running.client.post("/v1/hooks/generic/demo", content=body, headers=running.sign(body, "d-1"))
    assert answer.status_code == 200
    assert answer.json()["results"][0]["status"] == "accepted"


def test_a_console_that_cannot_sign_has_a_key_in_its_hook_address(running: Running) -> None:
    address = f"/v1/hooks/generic/demo?key={running.key}"
    assert (
        running.client.post(address, json=running.message("m1")).json()["results"][0]["status"] == "accepted"
    )
    assert running.client.post(f"{address}x", json=running.message("m2")).status_code == 401
    # Only hooks: elsewhere a key in an address would end up in logs for no need.
    assert running.client.post(f"/v1/events?key={running.key}", json=running.message("m2")).status_code == 401


def snapshot(running: Running) -> list[Any]:
    """Everything stored, but for the refused."""
    with running.db() as db:
        return [
            [row.model_dump() for row in db.exec(select(table).order_by(*table.__table__.primary_key))]  # type: ignore[attr-defined]
            for table in (EventRow, SessionRow, DeadlineRow)
        ]


def test_a_question_sent_in_pieces_is_read_as_one_even_when_they_come_out_of_order(running: Running) -> None:
    pieces = [("m3", "发货", 6), ("m1", "我想问一下", 0), ("m2", "那个什么时候", 3)]
    answers = [
        running.post(
            running.message(
                name, text, session="split", at=(running.clock() + timedelta(seconds=seconds)).isoformat()
            )
        ).json()["results"][0]
        for name, text, seconds in pieces
    ]
    whole = running.post(running.message("w", "我想问一下，那个什么时候，发货", session="whole", buyer="b9"))
    expected = whole.json()["results"][0]["decision"]["suggestions"]
    assert expected
    assert answers[-1]["decision"]["suggestions"] == expected
