"""Care of the bank as a content owner meets it: look, act, and be refused where somebody else was quicker."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy
from conftest_service import Running

BADGES = ("能绣校徽吗", "可以绣校徽吗", "我们学校要绣校徽", "能绣班级校徽吗 13800138000")
REPLY = "亲，可以免费绣校徽，请在备注里写明样式"


def look(running: Running, *kinds: str, **query: Any) -> list[dict[str, Any]]:
    answer = running.ask("GET", "/v1/phrases/care", params={"kind": kinds, **query})
    assert answer.status_code == 200, answer.text
    findings: list[dict[str, Any]] = answer.json()["findings"]
    return findings


def act(running: Running, *actions: dict[str, Any], **query: Any) -> Any:
    return running.ask("POST", "/v1/phrases/care/actions", json={"actions": actions}, params=query)


def bank(running: Running) -> dict[str, dict[str, Any]]:
    return {phrase["id"]: phrase for phrase in running.ask("GET", "/v1/phrases").json()["phrases"]}


def save(running: Running, **phrase: Any) -> None:
    assert running.ask("POST", "/v1/phrases", json=phrase).status_code == 201


@pytest.fixture
def doubled(running: Running) -> Running:
    save(running, id="one", text="亲，店里有一只橘猫，欢迎来看", keywords=["橘猫"], title="猫")
    save(
        running, id="two", text="您好，店里有一只橘猫，欢迎来看哦", examples=["你们店里有猫吗"], title="宠物"
    )
    return running


def test_the_starter_bank_of_a_new_shop_has_nothing_wrong(on_sqlite: Running) -> None:
    answer = on_sqlite.ask("GET", "/v1/phrases/care").json()
    assert {line["kind"] for line in answer["counts"]} <= {"keyword-suggested"}
    assert answer["messages"] == {"read": 0, "cut_off": False}


def test_near_duplicates_are_merged_by_one_call_and_it_stands_in_the_history(doubled: Running) -> None:
    (finding,) = look(doubled, "near-duplicate")
    assert finding["ids"] == ["one", "two"]
    done = act(doubled, finding["action"])
    assert (done.status_code, done.json()["removed"]) == (200, ["two"])
    phrases = bank(doubled)
    assert "two" not in phrases
    assert phrases["one"]["variants"] == ["您好，店里有一只橘猫，欢迎来看哦"]
    assert phrases["one"]["examples"] == ["你们店里有猫吗"]
    (change, *_) = doubled.ask("GET", "/v1/phrases/two/changes").json()["changes"]
    assert (change["action"], change["why"]) == ("removed", "话术库体检")
    assert look(doubled, "near-duplicate") == []


def test_a_dry_run_changes_nothing(doubled: Running) -> None:
    before = bank(doubled)
    (finding,) = look(doubled, "near-duplicate")
    told = act(doubled, finding["action"], dry_run=True).json()
    assert (told["dry_run"], told["removed"]) == (True, ["two"])
    assert bank(doubled) == before


def test_a_finding_of_a_bank_that_has_changed_is_refused_whole(doubled: Running) -> None:
    (finding,) = look(doubled, "near-duplicate")
    save(doubled, **bank(doubled)["two"] | {"text": "店里有两只狗"})
    before = bank(doubled)
    clear = {"do": "clear-code", "ids": ["ship-when"]}
    answer = act(doubled, clear, finding["action"])
    assert (answer.status_code, answer.json()["reason"], answer.json()["ids"]) == (
        409,
        "finding_outdated",
        ["two"],
    )
    assert bank(doubled) == before


def test_a_holding_reply_of_the_policy_is_not_taken_away(on_sqlite: Running) -> None:
    answer = act(on_sqlite, {"do": "retire", "ids": ["hold-wait"]})
    assert (answer.status_code, answer.json()["reason"]) == (409, "holding_phrase")
    assert bank(on_sqlite)["hold-wait"]["state"] == "approved"


def test_what_the_linter_refuses_is_refused_here_too(on_sqlite: Running) -> None:
    draft = {"do": "draft", "ids": ["new"], "texts": ["好吗"], "text": "全网最低价，国家级品质"}
    answer = act(on_sqlite, draft)
    assert (answer.status_code, answer.json()["reason"]) == (422, "bad_phrase")
    assert answer.json()["findings"]
    assert "new" not in bank(on_sqlite)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"actions": []}, "actions"),
        ({"actions": "merge"}, "actions"),
        ({"actions": [{"do": "retire", "ids": ["ship-when"]}, {"do": "no"}]}, "actions.1.do"),
    ],
)
def test_a_bad_action_is_named_by_its_place(on_sqlite: Running, body: dict[str, Any], field: str) -> None:
    answer = on_sqlite.ask("POST", "/v1/phrases/care/actions", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_the_day_of_the_check_can_be_chosen(on_sqlite: Running) -> None:
    save(on_sqlite, id="sale", title="双十二", text="活动期间下单有礼", valid_until="2026-12-12")
    assert look(on_sqlite, "expired", "expiring") == []
    assert [one["kind"] for one in look(on_sqlite, "expired", "expiring", as_of="2026-12-10")] == ["expiring"]
    (finding,) = look(on_sqlite, "expired", "expiring", as_of="2026-12-13T00:00:00+08:00")
    assert finding["kind"] == "expired"
    assert act(on_sqlite, finding["others"][0]).json()["stored"][0]["valid_until"] == "2027-01-12"
    for wrong in ("yesterday", "0001-01-01", "2026-13-01"):
        answer = on_sqlite.ask("GET", "/v1/phrases/care", params={"as_of": wrong})
        assert (answer.status_code, answer.json()["reason"]) == (422, "bad_time")


def test_questions_without_an_answer_become_a_draft_without_personal_data(running: Running) -> None:
    for number, text in enumerate(BADGES):
        session = {"session": f"s{number}", "buyer": f"b{number}"}
        running.clock.forward(60)
        running.post(running.message(f"m{number}", text, **session))
        running.clock.forward(5)
        running.post(running.reply(f"r{number}", REPLY, **session))
    (finding,) = look(running, "unanswered")
    assert (finding["detail"]["size"], finding["detail"]["trend"][-1]) == (
        4,
        {"day": "2026-11-22", "count": 4},
    )
    assert len(finding["detail"]["trend"]) == 14
    assert "13800138000" not in str(finding)
    (draft,) = act(running, finding["action"]).json()["stored"]
    assert (draft["state"], draft["text"]) == ("draft", REPLY)
    assert look(running, "unanswered") == []
    assert act(running, finding["action"]).json()["reason"] == "finding_outdated"


def test_a_reply_in_the_words_of_a_phrase_suggests_an_example(running: Running) -> None:
    save(running, id="badge", title="定制", text=REPLY)
    running.post(running.message("m1", "给小组弄个统一记号"))
    running.clock.forward(5)
    running.post(running.reply("r1", REPLY))
    running.post(running.message("m2", "谢谢"))
    findings = look(running, "example-suggested")
    assert [(one["ids"], one["action"]["texts"]) for one in findings] == [(["badge"], ["给小组弄个统一记号"])]
    act(running, findings[0]["action"])
    assert bank(running)["badge"]["examples"] == ["给小组弄个统一记号"]
    assert look(running, "example-suggested") == []


def test_messages_outside_the_days_are_not_read(on_sqlite: Running) -> None:
    for number, text in enumerate(BADGES):
        on_sqlite.post(on_sqlite.message(f"m{number}", text, session=f"s{number}", buyer=f"b{number}"))
    on_sqlite.clock.forward(3 * 86_400)
    assert look(on_sqlite, "unanswered", days=3) == []
    assert len(look(on_sqlite, "unanswered", days=4)) == 1
    assert len(look(on_sqlite, "unanswered", days=1, as_of="2026-11-22")) == 1


def test_a_phrase_is_unused_if_nobody_took_or_sent_it_for_a_month(running: Running) -> None:
    """The table is that of the counts of use, made here where this version has none yet."""

    def count(db: Any) -> None:
        columns = "shop_id, phrase_id, day, offered, accepted, rejected, sent"
        db.connection().execute(
            sqlalchemy.text(
                "CREATE TABLE IF NOT EXISTS phrase_use (shop_id VARCHAR, phrase_id VARCHAR, day VARCHAR, offered INTEGER,"
                " accepted INTEGER, rejected INTEGER, sent INTEGER)"
            )
        )
        rows = [("ship-when", 1, 0), ("ship-urge", 0, 2), ("ship-delay", 0, 0)]
        for phrase_id, accepted, sent in rows:
            db.connection().execute(
                sqlalchemy.text(
                    f"INSERT INTO phrase_use ({columns}) VALUES ('demo', :id, '2026-11-22', 5, :taken, 0, :sent)"
                ),
                {"id": phrase_id, "taken": accepted, "sent": sent},
            )

    running.service.writer.submit(count).result(30)
    running.clock.forward(20 * 86_400)
    assert look(running, "never-used") == []
    running.clock.forward(20 * 86_400)
    save(running, id="young", title="新", text="亲，新品周三上架")
    unused = {one["ids"][0] for one in look(running, "never-used")}
    assert {"ship-delay", "ship-from"} <= unused
    assert unused.isdisjoint({"ship-when", "ship-urge", "young"})
