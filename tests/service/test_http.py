"""The other routes of the contract, as an integrator meets them."""

from __future__ import annotations

import json

import pytest
from conftest_service import Running
from jsonschema import Draft202012Validator


def test_lint_takes_one_text_or_many_and_gives_spans_of_the_text(on_sqlite: Running) -> None:
    text = "亲😀这是全网最低价哦"
    report = on_sqlite.ask("POST", "/lint", json={"text": text, "channel": "template"}).json()
    assert report["findings"]
    for finding in report["findings"]:
        assert text[finding["start"] : finding["end"]] == finding["match"]
    many = on_sqlite.ask("POST", "/v1/lint", json={"texts": [text, "请稍等"], "channel": "template"}).json()
    assert [bool(report["findings"]) for report in many["reports"]] == [True, False]


def test_lint_answers_sarif_when_asked(on_sqlite: Running) -> None:
    answer = on_sqlite.ask(
        "POST", "/lint", json={"text": "不知道！"}, headers={"accept": "application/sarif+json"}
    )
    assert answer.headers["content-type"] == "application/sarif+json"
    log = answer.json()
    assert log["version"] == "2.1.0"
    assert log["runs"][0]["columnKind"] == "unicodeCodePoints"


def test_lint_says_what_to_write_instead_and_that_is_clean(on_sqlite: Running) -> None:
    text = "亲，在的。您加我微信 abc12345 吧！其他没有了"
    asked = {"text": text, "fixes": True}
    (finding,) = on_sqlite.ask("POST", "/v1/lint", json=asked).json()["findings"]
    instead = finding["instead"]
    assert text[instead["start"] : instead["end"]] == "您加我微信 abc12345 吧！"
    mended = text[: instead["start"]] + instead["text"] + text[instead["end"] :]
    assert on_sqlite.ask("POST", "/v1/lint", json={"text": mended}).json()["findings"] == []
    assert "instead" not in on_sqlite.ask("POST", "/v1/lint", json={"text": text}).json()["findings"][0]
    assert on_sqlite.ask("POST", "/v1/lint", json={"text": text, "fixes": 1}).status_code == 422


def test_lint_offers_safe_rewrites_and_no_mere_example_of_a_wording(on_sqlite: Running) -> None:
    answer = on_sqlite.ask("POST", "/v1/lint", json={"texts": ["最好的商品", "顶级面料"], "fixes": True})
    for report in answer.json()["reports"]:
        for finding in report["findings"]:
            assert "instead" not in finding
            if "fix" in finding:
                fix, said = finding["fix"], report["text"]
                mended = said[: fix["start"]] + fix["text"] + said[fix["end"] :]
                assert (
                    finding not in on_sqlite.ask("POST", "/v1/lint", json={"text": mended}).json()["findings"]
                )


@pytest.mark.parametrize(
    "body",
    [{}, {"text": "a", "texts": ["b"]}, {"text": 3}, {"text": "a", "channel": "x"}, {"texts": "a"}, []],
)
def test_lint_names_what_is_wrong(on_sqlite: Running, body: object) -> None:
    answer = on_sqlite.ask("POST", "/lint", json=body)
    assert answer.status_code == 422
    assert answer.json()["reason"]


def test_suggest_explains_each_hit_and_is_silent_on_junk(on_sqlite: Running) -> None:
    found = on_sqlite.ask("POST", "/v1/suggest", json={"text": "可以开发票吗"}).json()
    assert found["hits"][0]["category"] == "发票"
    assert found["hits"][0]["why"]
    assert on_sqlite.ask("POST", "/v1/suggest", json={"text": "？？？"}).json()["hits"] == []


def test_phrases_can_be_added_found_changed_and_deleted(on_sqlite: Running) -> None:
    made = on_sqlite.ask(
        "POST",
        "/v1/phrases",
        json={
            "category": "店铺",
            "title": "宠物",
            "text": "亲，店里有一只橘猫",
            "examples": ["你们店里有猫吗"],
            "mine": 1,
        },
    )
    assert made.status_code == 201
    phrase = made.json()
    found = on_sqlite.ask("POST", "/v1/suggest", json={"text": "你们店里有猫吗"}).json()
    assert found["hits"][0]["phrase_id"] == phrase["id"]
    changed = on_sqlite.ask(
        "PATCH", f"/v1/phrases/{phrase['id']}", json={"text": "亲，店里有两只橘猫"}
    ).json()
    assert (changed["text"], changed["mine"]) == ("亲，店里有两只橘猫", 1)
    assert on_sqlite.ask("DELETE", f"/v1/phrases/{phrase['id']}").status_code == 204
    found = on_sqlite.ask("POST", "/v1/suggest", json={"text": "你们店里有猫吗"}).json()
    assert all(hit["phrase_id"] != phrase["id"] for hit in found["hits"])


def test_a_phrase_with_a_forbidden_word_is_refused_with_the_finding(on_sqlite: Running) -> None:
    answer = on_sqlite.ask("POST", "/v1/phrases", json={"text": "全网最低价，国家级品质"})
    assert answer.status_code == 422
    assert answer.json()["findings"]


def test_an_exported_bank_is_imported_without_a_change(on_sqlite: Running) -> None:
    for kind in ("jsonl", "csv", "xlsx"):
        exported = on_sqlite.ask("GET", f"/v1/phrases/export?format={kind}")
        assert exported.status_code == 200
        plan = on_sqlite.ask(
            "POST", f"/v1/phrases/import?dry_run=true&name=bank.{kind}", content=exported.content
        ).json()
        assert (plan["added"], plan["changed"], plan["refused"], plan["problems"]) == ([], [], [], []), kind
        assert plan["same"] > 150


def test_an_import_adds_and_never_removes(on_sqlite: Running) -> None:
    before = len(on_sqlite.ask("GET", "/v1/phrases").json()["phrases"])
    rows = [{"category": "新", "text": "亲，新品周三上架"}, {"category": "新", "text": ""}]
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    done = on_sqlite.ask("POST", "/v1/phrases/import?name=a.jsonl", content=content).json()
    assert len(done["added"]) == 1
    assert [problem["row"] for problem in done["problems"]] == [2]
    assert len(on_sqlite.ask("GET", "/v1/phrases").json()["phrases"]) == before + 1
    assert on_sqlite.ask("POST", "/v1/phrases/import?name=a.xlsx", content=b"nonsense").status_code == 422


def test_an_import_loses_no_row_silently_whatever_ids_the_file_has(on_sqlite: Running) -> None:
    rows = [
        {"id": "ship-when", "category": "新", "text": "亲，新品周三上架"},
        {"id": "x", "category": "新", "text": "亲，第二批在路上"},
        {"id": "x", "category": "新", "text": "亲，第三批在仓库"},
        {"id": "y", "category": "新", "text": "亲，新品周三上架", "keywords": ["上架"]},
    ]
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    done = on_sqlite.ask("POST", "/v1/phrases/import?name=a.jsonl", content=content).json()
    # An id that the file gives twice is a fault of the file: its row is named.
    assert [problem["row"] for problem in done["problems"]] == [3]
    phrases = {phrase["text"]: phrase for phrase in on_sqlite.ask("GET", "/v1/phrases").json()["phrases"]}
    assert {rows[0]["text"], rows[1]["text"]} <= phrases.keys()
    assert phrases["亲，新品周三上架"]["keywords"] == ["上架"]
    assert any(phrase["id"] == "ship-when" and phrase["category"] == "发货" for phrase in phrases.values())


def test_waiting_sessions_come_with_the_next_deadline_first(running: Running) -> None:
    running.post(running.message("m1", session="s1", buyer="b1"))
    running.clock.forward(30)
    running.post(running.message("m2", session="s2", buyer="b2"))
    sessions = running.ask("GET", "/v1/sessions?state=waiting").json()["sessions"]
    assert [(s["session"], round(s["seconds_left"])) for s in sessions] == [("s1", 150), ("s2", 180)]
    running.clock.forward(160)
    sessions = running.ask("GET", "/v1/sessions?state=waiting").json()["sessions"]
    # The one already missed comes after the one that can still be saved.
    assert [s["session"] for s in sessions] == ["s2", "s1"]


def test_measures_of_today_are_counted_as_the_platform_counts(running: Running) -> None:
    running.post(running.message("m1", session="s1", buyer="b1"))
    running.post(running.message("m2", session="s2", buyer="b2"))
    running.clock.forward(60)
    running.post(running.reply("r1", session="s1", buyer="b1"))
    lines = running.ask("GET", "/v1/measures").json()["measures"]
    primary = next(line for line in lines if line["denominator"] or line["pending"])
    assert (primary["numerator"], primary["denominator"], primary["pending"], primary["rate"]) == (
        1,
        1,
        1,
        "1",
    )
    running.clock.forward(200)
    lines = running.ask("GET", "/v1/measures?by=day").json()["measures"]
    assert any((line["rate"], line.get("day")) == ("1/2", "2026-11-22") for line in lines)
    assert running.ask("GET", "/v1/measures?by=nothing").status_code == 422
    assert running.ask("GET", "/v1/measures?first_day=2025-01-01&last_day=2026-06-01").status_code == 422


def test_health_is_up_and_counts_are_given(running: Running) -> None:
    assert running.client.get("/healthz").json() == {"status": "ok"}
    assert running.client.get("/readyz").json() == {"status": "ready"}
    assert "miaohui_writer_waiting" in running.client.get("/metrics").text


def test_errors_outside_the_routes_are_problem_documents_too(on_sqlite: Running) -> None:
    for method, path, status in (("GET", "/nope", 404), ("PUT", "/v1/events", 405)):
        answer = on_sqlite.ask(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_openapi_document_has_examples_that_fit_their_schemas(on_sqlite: Running) -> None:
    document = on_sqlite.client.get("/openapi.json").json()
    checked = 0
    for item in document["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for example in content.get("examples", {}).values():
                Draft202012Validator(content["schema"]).validate(example["value"])
                checked += 1
    assert checked >= 8
