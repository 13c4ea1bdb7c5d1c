"""Every change of the bank is on record with who and why, and can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from conftest_service import Running

from app.usecases.administration import add_key, principal_of_key
from app.usecases.phrase_history import Author, change_phrases
from app.usecases.web_sessions import open_web_session, principal_of_web_session
from phrasebank import Phrase


def changes(running: Running, phrase_id: str = "p1", **parameters: Any) -> list[dict[str, Any]]:
    answer = running.ask("GET", f"/v1/phrases/{phrase_id}/changes", params=parameters)
    assert answer.status_code == 200
    found = answer.json()["changes"]
    assert isinstance(found, list)
    return found


def restore(running: Running, phrase_id: str = "p1", **body: Any) -> Any:
    return running.ask("POST", f"/v1/phrases/{phrase_id}/restore", json=body)


@pytest.fixture
def edited(running: Running) -> Running:
    """A phrase p1 that was added, changed, approved and then got one more example."""
    running.ask("POST", "/v1/phrases", json={"id": "p1", "text": "亲，马上退", "state": "draft"})
    for body, why in (
        ({"text": "亲，两天内退"}, "仓库说要两天"),
        ({"state": "approved"}, ""),
        ({"examples": ["怎么退"]}, ""),
    ):
        answer = running.ask("PATCH", "/v1/phrases/p1", json=body, params={"why": why})
        assert answer.status_code == 200
    return running


def test_each_change_says_what_who_when_and_why(edited: Running) -> None:
    found = changes(edited)
    assert [(change["action"], change["columns"]) for change in found[:3]] == [
        ("changed", ["examples"]),
        ("changed", ["state"]),
        ("changed", ["text"]),
    ]
    assert (found[3]["action"], found[3]["before"], found[3]["after"]["text"]) == (
        "added",
        None,
        "亲，马上退",
    )
    assert found[2]["why"] == "仓库说要两天"
    assert (found[2]["before"]["text"], found[2]["after"]["text"]) == ("亲，马上退", "亲，两天内退")
    assert found[0]["at"] == edited.clock().isoformat()
    assert len({change["by"] for change in found}) == 1


def test_the_name_on_the_key_is_the_name_in_the_history(running: Running) -> None:
    service = running.service
    key = service.writer.submit(lambda db: add_key(db, "demo", running.clock(), label="运营小李")).result(10)
    headers = {"authorization": f"Bearer {key}"}
    running.client.post("/v1/phrases", json={"id": "p1", "text": "好"}, headers=headers)
    assert changes(running)[0]["by"] == "运营小李"

    def signed_in(db: Any) -> Any:
        principal = principal_of_key(db, key)
        assert principal is not None
        token = open_web_session(db, principal, running.clock())
        return principal_of_web_session(db, token, running.clock())

    assert service.writer.submit(signed_in).result(10).name == "运营小李"


def test_what_changes_nothing_leaves_no_record(edited: Running) -> None:
    before = changes(edited)
    edited.ask("PATCH", "/v1/phrases/p1", json={"text": "亲，两天内退"})
    assert edited.ask("PATCH", "/v1/phrases/p1", json={"text": "全网最低价"}).status_code == 422
    assert edited.ask("PATCH", "/v1/phrases/p1", json={"valid_from": "明天"}).status_code == 422
    assert changes(edited) == before


def test_a_phrase_goes_back_to_how_it_stood(edited: Running) -> None:
    first = changes(edited)[-1]
    answer = restore(edited, change=first["id"])
    assert answer.status_code == 200
    assert answer.json()["phrase"] == first["after"]
    assert edited.ask("GET", "/v1/phrases/p1").json() == first["after"]
    newest = changes(edited)[0]
    assert (newest["action"], newest["columns"]) == ("restored", ["text", "examples", "state"])


def test_one_change_is_undone_and_later_ones_stay(edited: Running) -> None:
    text = next(change for change in changes(edited) if change["columns"] == ["text"])
    phrase = restore(edited, undo=text["id"]).json()["phrase"]
    assert (phrase["text"], phrase["state"], phrase["examples"]) == ("亲，马上退", "approved", ["怎么退"])


def test_a_change_that_was_overwritten_is_not_undone_alone(edited: Running) -> None:
    text = next(change for change in changes(edited) if change["columns"] == ["text"])
    edited.ask("PATCH", "/v1/phrases/p1", json={"text": "亲，三天内退"})
    answer = restore(edited, undo=text["id"])
    assert (answer.status_code, answer.json()["reason"]) == (409, "changed_since")
    assert answer.json()["columns"] == ["text"]
    assert edited.ask("GET", "/v1/phrases/p1").json()["text"] == "亲，三天内退"


def test_a_deleted_phrase_comes_back(edited: Running) -> None:
    stood = edited.ask("GET", "/v1/phrases/p1").json()
    edited.ask("DELETE", "/v1/phrases/p1", params={"why": "重复了"})
    removed = changes(edited)[0]
    assert (removed["action"], removed["why"], removed["after"]) == ("removed", "重复了", None)
    assert edited.ask("GET", "/v1/phrases/p1").status_code == 404
    assert restore(edited, undo=removed["id"]).json()["phrase"] == stood
    assert edited.ask("GET", "/v1/phrases/p1").json() == stood
    assert restore(edited, change=removed["id"]).json() == {"phrase": None}
    assert edited.ask("GET", "/v1/phrases/p1").status_code == 404


def test_undoing_the_first_change_takes_the_phrase_away(edited: Running) -> None:
    first = changes(edited)[-1]
    assert restore(edited, undo=first["id"]).json() == {"phrase": None}
    assert edited.ask("GET", "/v1/phrases/p1").status_code == 404


def test_an_import_is_one_change_for_each_phrase_that_it_touches(running: Running) -> None:
    (hello,) = [phrase for phrase in running.ask("GET", "/v1/phrases").json()["phrases"] if phrase["id"] == "greet-hello"]  # fmt: skip
    rows = [{"category": hello["category"], "text": hello["text"], "examples": ["早啊"]}, {"text": "亲，新品到了"}]  # fmt: skip
    answer = running.ask(
        "POST", "/v1/phrases/import", params={"why": "秋季更新", "name": "a.json"}, json=rows
    )
    assert answer.json()["stored"]
    found = running.ask("GET", "/v1/phrase-changes").json()["changes"]
    assert [(change["action"], change["why"]) for change in found] == [("imported", "秋季更新")] * 2
    extended = next(change for change in found if change["before"])
    assert (extended["phrase_id"], extended["columns"]) == ("greet-hello", ["examples"])
    running.ask("POST", "/v1/phrases/import", params={"name": "a.json"}, json=rows)
    assert running.ask("GET", "/v1/phrase-changes").json()["changes"] == found


def test_a_rehearsed_import_leaves_no_record(running: Running) -> None:
    running.ask("POST", "/v1/phrases/import?dry_run=true&name=a.json", json=[{"text": "亲，新品到了"}])
    assert running.ask("GET", "/v1/phrase-changes").json() == {"changes": [], "next": None}


def test_the_history_comes_in_pages(edited: Running) -> None:
    edited.ask("POST", "/v1/phrases", json={"id": "p2", "text": "好"})
    pages, before = [], None
    while True:
        page = edited.ask("GET", "/v1/phrase-changes", params={"limit": 2} | ({"before": before} if before else {})).json()  # fmt: skip
        pages.append([change["phrase_id"] for change in page["changes"]])
        before = page["next"]
        if before is None:
            break
    assert pages == [["p2", "p1"], ["p1", "p1"], ["p1"]]
    assert len(changes(edited, limit=2)) == 2


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({}, 422, "change_or_undo"),
        ({"change": "a", "undo": "b"}, 422, "change_or_undo"),
        ({"change": 7}, 422, "wrong_type"),
        ({"change": "0000000001-9999999"}, 404, "unknown_change"),
    ],
)
def test_a_restore_that_cannot_be_says_why(edited: Running, body: dict[str, Any], status: int, reason: str) -> None:  # fmt: skip
    answer = restore(edited, **body)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    other = changes(edited)[0]["id"]
    edited.ask("POST", "/v1/phrases", json={"id": "p2", "text": "好"})
    assert restore(edited, "p2", change=other).json()["reason"] == "unknown_change"


def test_what_breaks_a_rule_today_is_not_restored(edited: Running) -> None:
    service = edited.service

    def slip_in(db: Any) -> None:
        for text in ("全网最低价", "好"):
            change_phrases(db, "demo", Author("old", edited.clock()), saved=[Phrase("p3", text)])

    service.writer.submit(slip_in).result(10)
    first = changes(edited, "p3")[-1]
    answer = restore(edited, "p3", change=first["id"])
    assert (answer.status_code, answer.json()["reason"]) == (422, "bad_phrase")
    assert edited.ask("GET", "/v1/phrases/p3").json()["text"] == "好"


def test_a_phrase_that_never_was_has_no_history(running: Running) -> None:
    assert running.ask("GET", "/v1/phrases/none/changes").status_code == 404
    assert running.ask("GET", "/v1/phrases/greet-hello/changes").json() == {"changes": [], "next": None}
