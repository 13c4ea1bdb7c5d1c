"""Accepted suggestions become examples, rejected ones count against; undone, it never happened; on each kind of database."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest_service import Running, run_service
from sqlmodel import select

from app.db.tables import FeedbackRow, OfferRow, OutboxRow, PhraseLessonRow, PhraseRow, PhraseUseRow
from app.usecases.deliver import Attempt, claim_letters, record_attempts
from app.usecases.knowledge import Knowledge
from app.usecases.learning import GATHERED_FOR, next_lesson_at, teach_due
from app.usecases.verdicts import BY_PERSON
from phrasebank.learning import Verdict, effective

SHIPPING = "今天拍下来几号能发货"
ASKED = "麻烦问下这双鞋子掉色厉不厉害"


def phrase(running: Running, phrase_id: str) -> dict[str, Any]:
    answer = running.ask("GET", f"/v1/phrases/{phrase_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def first_offer(running: Running, event_id: str, text: str = "什么时候发货", **more: Any) -> dict[str, Any]:
    decision = running.post(running.message(event_id, text, **more)).json()["results"][0]["decision"]
    return dict(decision["suggestions"][0])


def judge(running: Running, verdict_id: str, phrase_id: str, verdict: str = "accepted", **more: Any) -> Any:
    body = {"id": verdict_id, "phrase_id": phrase_id, "verdict": verdict} | (more or {"text": ASKED})
    return running.ask("POST", "/v1/feedback", json=body)


def teach(running: Running) -> None:
    """What the job does once verdicts have gathered."""
    running.clock.forward(GATHERED_FOR.total_seconds())
    running.service.writer.submit(
        lambda db: teach_due(db, running.service.knowledge, running.clock())
    ).result(30)


def learned(running: Running) -> list[Any]:
    """All that verdicts have left behind, but for how they came."""
    with running.db() as db:
        bodies = db.exec(select(PhraseRow.body).order_by(PhraseRow.id)).all()
        lessons = db.exec(select(PhraseLessonRow).order_by(PhraseLessonRow.phrase_id)).all()
        uses = db.exec(select(PhraseUseRow).order_by(PhraseUseRow.phrase_id, PhraseUseRow.day)).all()
    kept = [row.model_dump() for row in lessons if row.examples or row.not_examples]
    counts = [row.model_dump() for row in uses if row.offered or row.accepted or row.rejected or row.sent]
    return [bodies, kept, counts]


def counted_anew(running: Running) -> Counter[tuple[str, str]]:
    """(phrase, what) counted from the facts alone."""
    counts: Counter[tuple[str, str]] = Counter()
    with running.db() as db:
        for offer in db.exec(select(OfferRow)).all():
            counts.update((name, "offered") for name in offer.phrase_ids)
        by_phrase: dict[str, list[Verdict]] = {}
        for row in db.exec(select(FeedbackRow)).all():
            if row.stands:
                verdict = Verdict(row.id, row.about, row.at, row.accepted, row.text, row.source == BY_PERSON)
                by_phrase.setdefault(row.phrase_id, []).append(verdict)
        for name, verdicts in by_phrase.items():
            counts.update((name, "accepted" if one.accepted else "rejected") for one in effective(verdicts))
        for letter in db.exec(select(OutboxRow)).all():
            if letter.sent_at is not None and letter.phrase_id is not None:
                counts[letter.phrase_id, "sent"] += 1
    return counts


def counted(running: Running) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    with running.db() as db:
        for row in db.exec(select(PhraseUseRow)).all():
            for name in ("offered", "accepted", "rejected", "sent"):
                if getattr(row, name):
                    counts[row.phrase_id, name] += getattr(row, name)
    return counts


def test_an_accepted_message_becomes_an_example_at_once_and_undone_it_never_was(running: Running) -> None:
    before = learned(running)
    answer = judge(running, "f1", "item-wash")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"results": [{"id": "f1", "status": "accepted", "learned": True, "note": None}]}
    assert ASKED in phrase(running, "item-wash")["examples"]
    found = running.ask("POST", "/v1/suggest", json={"text": ASKED}).json()["hits"][0]
    assert found["phrase_id"] == "item-wash"
    assert "相同" in found["why"][0]
    changes = running.ask("GET", "/v1/phrases/item-wash/changes").json()["changes"]
    assert changes[0]["action"] == "learned"
    assert ASKED in changes[0]["why"]
    for _ in range(2):
        assert running.ask("POST", "/v1/feedback/f1/undo").json() == {"id": "f1", "status": "undone"}
    assert learned(running) == before
    assert running.ask("GET", "/v1/phrases/item-wash/changes").json()["changes"][0]["action"] == "unlearned"
    again = judge(running, "f1", "item-wash").json()["results"][0]
    assert again == {"id": "f1", "status": "duplicate", "learned": False, "note": "已撤销"}


def test_a_rejected_phrase_is_no_longer_offered_for_the_message(running: Running) -> None:
    offer = first_offer(running, "m1", SHIPPING)
    answer = judge(running, "f1", offer["phrase_id"], "rejected", message="m1")
    assert answer.json()["results"][0]["learned"]
    assert phrase(running, offer["phrase_id"])["not_examples"] == [SHIPPING]
    hits = running.ask("POST", "/v1/suggest", json={"text": SHIPPING, "top": 20}).json()["hits"]
    assert offer["phrase_id"] not in [hit["phrase_id"] for hit in hits]
    running.ask("POST", "/v1/feedback/f1/undo")
    hits = running.ask("POST", "/v1/suggest", json={"text": SHIPPING}).json()["hits"]
    assert hits[0]["phrase_id"] == offer["phrase_id"]


def test_the_owners_own_example_is_not_overruled_by_a_rejection(on_sqlite: Running) -> None:
    own = phrase(on_sqlite, "item-wash")["examples"][0]
    answer = judge(on_sqlite, "f1", "item-wash", "rejected", text=own).json()["results"][0]
    assert (answer["learned"], "本来就有" in answer["note"]) == (False, True)
    assert phrase(on_sqlite, "item-wash")["not_examples"] == []


def test_personal_data_is_masked_before_anything_is_kept(running: Running) -> None:
    judge(running, "f1", "item-wash", text="这鞋掉色吗，我手机13812345678")
    assert phrase(running, "item-wash")["examples"][-1] == "这鞋掉色吗，我手机[隐去]"
    with running.db() as db:
        assert "138" not in db.exec(select(FeedbackRow.text)).one()


@pytest.mark.parametrize(
    ("text", "note"), [("你好", "寒暄"), ("还没到", "上文"), ("[图片]", "没有可学的文字")]
)
def test_what_says_nothing_is_taken_but_not_learned(on_sqlite: Running, text: str, note: str) -> None:
    before = phrase(on_sqlite, "item-wash")
    answer = judge(on_sqlite, "f1", "item-wash", text=text).json()["results"][0]
    assert (answer["status"], answer["learned"]) == ("accepted", False)
    assert note in answer["note"]
    assert phrase(on_sqlite, "item-wash") == before


def test_a_verdict_that_cannot_be_taken_says_why_and_the_rest_of_the_batch_stands(running: Running) -> None:
    good = {"id": "ok", "phrase_id": "item-wash", "verdict": "accepted", "text": ASKED}
    bad: list[tuple[Any, str, int]] = [
        (good | {"text": "另一句话呢亲"}, "conflict", 409),
        (good | {"id": "a", "phrase_id": "nope"}, "unknown_phrase", 404),
        (
            {"id": "b", "phrase_id": "item-wash", "verdict": "accepted", "message": "m9"},
            "unknown_message",
            404,
        ),
        ({"id": "c", "phrase_id": "item-wash", "verdict": "accepted"}, "missing_field", 422),
        (good | {"id": "d", "message": "m1"}, "ambiguous", 422),
        (good | {"id": "e", "verdict": "great"}, "unknown_value", 422),
        (good | {"id": "reply:1"}, "reserved_id", 422),
        (good | {"id": "f", "at": "2027-01-01T00:00:00Z"}, "time_in_future", 422),
        ("text", "not_an_object", 422),
    ]
    answers = running.ask("POST", "/v1/feedback", json=[good, *(entry for entry, _, _ in bad)]).json()[
        "results"
    ]
    assert answers[0]["status"] == "accepted"
    assert [answer["reason"] for answer in answers[1:]] == [reason for _, reason, _ in bad]
    for entry, reason, status in bad:
        answer = running.ask("POST", "/v1/feedback", json=entry)
        assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert running.ask("POST", "/v1/feedback/unknown/undo").status_code == 404


def test_a_reply_that_is_an_offered_phrase_counts_as_accepted_and_teaches_it(running: Running) -> None:
    offer = first_offer(running, "m1", SHIPPING)
    running.clock.forward(5)
    running.post(running.reply("a0", "亲，我看一下"))
    running.post(running.reply("a1", offer["text"].replace("，", ",")))
    listed = running.ask("GET", "/v1/feedback", params={"message": "m1"}).json()["feedback"]
    assert [(one["phrase_id"], one["source"], one["by"]) for one in listed] == [
        (offer["phrase_id"], "reply", "小林")
    ]
    assert SHIPPING not in phrase(running, offer["phrase_id"])["examples"]
    teach(running)
    assert SHIPPING in phrase(running, offer["phrase_id"])["examples"]
    assert running.service.writer.submit(next_lesson_at).result(10) is None
    undo = f"/v1/feedback/{listed[0]['id']}/undo"
    assert running.ask("POST", undo).status_code == 200
    running.post(running.message("m2", "好的"))
    running.post(running.reply("a2", "不客气"))
    teach(running)
    assert SHIPPING not in phrase(running, offer["phrase_id"])["examples"]
    assert counted(running) == counted_anew(running)


def test_a_withdrawn_reply_was_never_taken(running: Running) -> None:
    offer = first_offer(running, "m1", SHIPPING)
    before = learned(running)
    running.clock.forward(5)
    running.post(running.reply("a1", offer["text"]))
    teach(running)
    assert learned(running) != before
    withdrawn = running.message("w1", type="message_withdrawn", message="a1")
    running.post({name: withdrawn[name] for name in ("id", "type", "at", "session", "buyer", "message")})
    teach(running)
    assert learned(running) == before


@pytest.mark.parametrize(
    "more",
    [
        {"sender": "robot"},
        {"sender": "welcome"},
        {"text": "亲，今天就发出"},
        {"session": "s2", "buyer": "b2"},
    ],
)
def test_other_replies_take_nothing(on_sqlite: Running, more: dict[str, Any]) -> None:
    offer = first_offer(on_sqlite, "m1")
    on_sqlite.clock.forward(5)
    on_sqlite.post(on_sqlite.reply("a1", offer["text"]) | more)
    assert on_sqlite.ask("GET", "/v1/feedback").json()["feedback"] == []


def test_what_the_machine_sent_by_itself_counts_as_sent_and_accepts_nothing(
    database_url: str, knowledge: Knowledge
) -> None:
    more = {"policy": {"answer": "at_once"}, "callback_url": "https://console.example/reply"}
    for running in run_service(database_url, knowledge, **more):
        with running.db() as db:
            invoice = next(body for body in db.exec(select(PhraseRow.body)) if body["id"] == "invoice-have")
        running.post(running.message("m1", invoice["examples"][0]))
        service = running.service

        def deliver(db: Any, service: Any = service, running: Running = running) -> int:
            letters = claim_letters(db, service.knowledge, running.clock())
            for letter in [*letters, *letters]:
                record_attempts(db, service.knowledge, [Attempt(letter)], running.clock())
            return len(letters)

        assert service.writer.submit(deliver).result(30) == 1
        assert counted(running)["invoice-have", "sent"] == 1
        assert counted(running)["invoice-have", "accepted"] == 0
        assert counted(running) == counted_anew(running)


def test_the_policy_says_what_is_learned_from(running: Running) -> None:
    def policy(value: str) -> None:
        assert running.ask("PATCH", "/v1/policy", json={"changes": {"learn": value}}).status_code == 200

    policy("clicks")
    offer = first_offer(running, "m1", SHIPPING)
    running.clock.forward(5)
    running.post(running.reply("a1", offer["text"]))
    teach(running)
    assert SHIPPING not in phrase(running, offer["phrase_id"])["examples"]
    assert judge(running, "f1", "item-wash").json()["results"][0]["learned"]
    policy("off")
    answer = judge(running, "f2", "item-wash", text="这个布料会不会褪色呀").json()["results"][0]
    assert (answer["learned"], "关闭" in answer["note"]) == (False, True)
    assert ASKED in phrase(running, "item-wash")["examples"]


def test_what_a_person_takes_out_of_a_phrase_is_not_learned_again_from_the_same_verdicts(
    running: Running,
) -> None:
    own = phrase(running, "item-wash")["examples"]
    judge(running, "f1", "item-wash")
    judge(running, "f2", "item-wash", text="这个布料会不会褪色呀")
    running.ask("PATCH", "/v1/phrases/item-wash", json={"examples": [*own, ASKED]})
    judge(running, "f3", "item-wash", text="洗了掉不掉颜色呢")
    assert phrase(running, "item-wash")["examples"] == [*own, ASKED, "洗了掉不掉颜色呢"]
    change = running.ask("GET", "/v1/phrases/item-wash/changes").json()["changes"][0]
    running.ask("POST", "/v1/phrases/item-wash/restore", json={"undo": change["id"]})
    judge(running, "f4", "item-wash", text="深色的会染到别的衣服吗")
    assert phrase(running, "item-wash")["examples"] == [*own, ASKED, "深色的会染到别的衣服吗"]
    judge(running, "f5", "item-wash", text="洗了掉不掉颜色呢")
    assert "洗了掉不掉颜色呢" in phrase(running, "item-wash")["examples"]


def test_uses_are_listed_with_the_phrases_and_counted_once(running: Running) -> None:
    offer = first_offer(running, "m1")
    name = offer["phrase_id"]
    running.post(running.message("m1"))
    for _ in range(2):
        judge(running, "f1", name, message="m1", by="小林")
    running.clock.forward(5)
    running.post(running.reply("a1", offer["text"]))
    judge(running, "f2", name, "rejected", message="m1")
    listed = {
        one["id"]: one for one in running.ask("GET", "/v1/phrases", params={"with": "use"}).json()["phrases"]
    }
    use = listed[name]["use"]
    assert (use["offered"], use["accepted"], use["rejected"], use["sent"]) == (1, 0, 1, 0)
    running.ask("POST", "/v1/feedback/f2/undo")
    listed = {
        one["id"]: one for one in running.ask("GET", "/v1/phrases", params={"with": "use"}).json()["phrases"]
    }
    assert listed[name]["use"]["accepted"] == 1
    assert datetime.fromisoformat(listed[name]["use"]["last_used_at"]) == running.clock().astimezone(UTC)
    assert listed["item-wash"]["use"]["offered"] == 0
    assert "use" not in running.ask("GET", "/v1/phrases").json()["phrases"][0]
    assert counted(running) == counted_anew(running)


def test_the_live_page_judges_and_undoes(on_sqlite: Running) -> None:
    client = on_sqlite.client
    offer = first_offer(on_sqlite, "m1", SHIPPING)
    body = {"phrase_id": offer["phrase_id"], "message": "m1", "verdict": "rejected"}
    assert client.post("/live/feedback", json=body).status_code == 401
    client.post("/sign-in", data={"key": on_sqlite.key})
    assert f'data-phrase="{offer["phrase_id"]}" data-message="m1"' in client.get("/live/waiting").text
    assert (
        client.post("/live/feedback", json=body, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    )
    answer = client.post("/live/feedback", json=body).json()
    assert answer["learned"]
    assert offer["text"] not in client.get("/live/waiting").text
    assert client.post("/live/feedback/undo", json={"id": answer["id"]}).json()["status"] == "undone"
    assert offer["text"] in client.get("/live/waiting").text
    assert client.post("/live/feedback/undo", json={"id": "nope"}).status_code == 404
    assert (
        client.post("/live/feedback", json=body | {"message": "nope"}).json()["reason"] == "unknown_message"
    )


def test_replies_reported_late_twice_or_in_any_order_are_taken_alike(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    """Each message in a session of its own, so that what is offered does not hang on what was said before."""

    def play(name: str, order: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> list[Any]:
        result: list[Any] = []
        for running in run_service(f"sqlite:///{tmp_path / name}.db", knowledge):
            events = []
            for number, text in enumerate(("什么时候发货", "你们发什么快递", "能开发票吗", "什么时候发货")):
                hit = running.ask("POST", "/v1/suggest", json={"text": text}).json()["hits"][0]
                of = {"session": f"s{number}", "buyer": f"b{number}"}
                running.clock.forward(10)
                events.append(running.message(f"m{number}", text, **of))
                running.clock.forward(10)
                events.append(running.reply(f"a{number}", hit["text"], **of))
            running.clock.forward(10)
            withdrawn = running.message("w", session="s3", buyer="b3", type="message_withdrawn", message="a3")
            events.append(
                {key: withdrawn[key] for key in ("id", "type", "at", "session", "buyer", "message")}
            )
            for event in order(events):
                assert running.post(event).status_code == 200
            teach(running)
            assert counted(running) == counted_anew(running)
            result = learned(running)
        return result

    def shuffled(seed: int) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
        def order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
            chance = random.Random(seed)
            mixed = [*events, *chance.sample(events, 4)]
            chance.shuffle(mixed)
            return mixed

        return order

    tidy = play("tidy", lambda events: events)
    assert any(use["accepted"] for use in tidy[2])
    for seed in range(4):
        assert play(f"mixed{seed}", shuffled(seed)) == tidy
