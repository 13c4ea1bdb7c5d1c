"""The pages of words over HTTP: a text tried out, the rules, what agents sent, and where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from conftest_service import Running
from hypothesis import given
from hypothesis import strategies as st
from live_markup import Element, read
from room_conversations import exchange

from app.core.events import Sender
from app.usecases.past_findings import PAGE
from app.web.words_pages import CATEGORY_NAMES, CHANNEL_NAMES, SENDER_NAMES, pieces_of, tried
from lint import CHANNELS, Finding, Linter

PARTS = {"x-part": "1"}
CHEAPEST = "这是全网最低价，放心"
OFF_PLATFORM = "加我微信 abc12345 聊"


@pytest.fixture
def desk(running: Running) -> Running:
    """Somebody is signed in."""
    assert running.client.post("/sign-in", data={"key": running.key}).status_code == 200
    return running


def try_out(desk: Running, headers: dict[str, str] | None = None, **fields: str) -> tuple[int, Element]:
    token = read(desk.client.get("/words").text).one("body").attributes["data-token"]
    data = {"token": token, "channel": "live", "platform": "kuaishou", "earlier": ""} | fields
    answer = desk.client.post("/words/try", data=data, headers=headers or {})
    return answer.status_code, read(answer.text)


def said(desk: Running, number: int, text: str, agent: str = "小林", days: int = 0) -> None:
    at = desk.clock() - timedelta(days=days, hours=1)
    answer = desk.post(exchange(number, at, 30, agent=agent, text=text))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("headers", [{}, PARTS], ids=["whole page", "part"])
def test_what_is_wrong_stands_marked_in_the_text_with_reason_and_source(
    desk: Running, headers: dict[str, str]
) -> None:
    status, root = try_out(desk, headers, text=f"{OFF_PLATFORM}，第一时间给您处理")
    assert status == 200
    [mark] = root.all("mark")
    assert mark.text == "加我微信 abc12345"
    assert root.one("sup").text == "1"
    [finding] = root.one("ol", "findings").all("li")
    assert finding.one("a").attributes["href"] == "/words/rules/red-line/off-platform"
    assert "依据" in finding.text
    assert "有 1 处违规" in root.one(data_sum="").text
    assert [spared.text for spared in root.all("span", "spared")] == ["第一", "第一"]
    assert "表示时间顺序" in root.one("ul", "spared-list").text


def test_a_rewrite_is_offered_whole(desk: Running) -> None:
    _, root = try_out(desk, PARTS, text=CHEAPEST)
    assert root.one(class_="better").one("bdi").text == "这是优惠价，放心"
    assert root.one("button", "copy").attributes["data-copy"] == "这是优惠价，放心"


def test_the_channel_and_what_was_said_before_count(desk: Running) -> None:
    _, live = try_out(desk, PARTS, text=CHEAPEST)
    _, template = try_out(desk, PARTS, text=CHEAPEST, channel="template")
    assert "没有违规，有 1 处提醒" in live.one(data_sum="").text
    assert "有 1 处违规" in template.one(data_sum="").text
    again = "亲，这款是纯棉的，可以机洗，不会缩水的"
    _, repeated = try_out(desk, PARTS, text=again, earlier=f"{again}\r\n")
    assert "tone/repeat" in repeated.text


@pytest.mark.parametrize(
    ("text", "status", "words"), [("", 200, "写下一句话"), ("好" * 20_001, 422, "最多查")]
)
def test_nothing_and_too_much_are_answered_in_words(
    desk: Running, text: str, status: int, words: str
) -> None:
    found, root = try_out(desk, PARTS, text=text)
    assert found == status
    assert words in root.text


def test_markup_in_a_text_stays_text(desk: Running) -> None:
    text = "<script>alert(1)</script>" + CHEAPEST
    for headers in ({}, PARTS):
        _, root = try_out(desk, headers, text=text)
        assert "<script>alert(1)</script>" in root.one(class_="tried-text").text
        assert all("alert" not in script.text for script in root.all("script"))


def test_a_text_is_not_tried_for_whoever_comes_from_elsewhere(desk: Running) -> None:
    assert desk.client.post("/words/try", data={"text": "x", "token": "y"}).status_code == 403


# --- Rules ---


def test_every_rule_is_listed_and_has_its_page(desk: Running) -> None:
    rules = desk.service.knowledge.linter.rules
    root = read(desk.client.get("/words/rules").text)
    links = [link.attributes["href"] for link in root.one("tbody").all("a")]
    assert links == [f"/words/rules/{rule.code}" for rule in rules]
    for rule in rules:
        answer = desk.client.get(f"/words/rules/{rule.code}")
        assert answer.status_code == 200
        words = " ".join(read(answer.text).text.split())
        for told in (rule.name, rule.why, rule.source, *rule.bad, *rule.good, *rule.known_misses):
            assert " ".join(told.split()) in words, (rule.code, told)


@pytest.mark.parametrize(
    ("query", "code", "other"),
    [
        ("q=微信", "red-line/off-platform", "tone/abuse"),
        ("category=tone", "tone/abuse", "red-line/off-platform"),
        ("q=OFF-PLATFORM", "red-line/off-platform", "tone/abuse"),
    ],
)
def test_rules_are_found_by_words_and_category(desk: Running, query: str, code: str, other: str) -> None:
    found = read(desk.client.get(f"/words/rules?{query}").text).one("tbody").text
    assert code in found
    assert other not in found


def test_a_rule_that_is_not_there_is_told(desk: Running) -> None:
    assert desk.client.get("/words/rules/ad-law/nonsense").status_code == 404
    assert "没有找到" in read(desk.client.get("/words/rules?q=量子力学").text).text


def test_what_the_linter_knows_is_named_in_chinese() -> None:
    assert set(CHANNEL_NAMES) == set(CHANNELS)
    assert set(CATEGORY_NAMES) == {rule.category for rule in Linter.default().rules}
    assert set(SENDER_NAMES) == set(Sender)


# --- What agents sent ---


def tallied(root: Element, id_: str) -> dict[str, str]:
    """Name -> total of a table of counts."""
    [card] = [card for card in root.all("section", "tallies") if card.attributes["aria-labelledby"] == id_]
    cells = [
        [cell.text.strip() for cell in row.children if isinstance(cell, Element)]
        for row in card.one("tbody").all("tr")
    ]
    return {row[0]: row[-1] for row in cells}


def test_what_agents_sent_is_counted_by_agent_rule_and_day(desk: Running) -> None:
    said(desk, 1, CHEAPEST)
    said(desk, 2, OFF_PLATFORM, agent="小周", days=1)
    said(desk, 3, CHEAPEST, agent="小周", days=2)
    said(desk, 4, CHEAPEST, days=40)
    root = read(desk.client.get("/words/findings").text)
    assert tallied(root, "t-agent") == {"小周": "2", "小林": "1"}
    assert tallied(root, "t-day") == {"2026-11-22": "1", "2026-11-21": "1", "2026-11-20": "1"}
    assert tallied(root, "t-rule") == {"“最”字绝对化用语": "2", "站外联系": "1"}
    assert len(root.one("ol", "said-list").all("li")) == 3
    older = read(desk.client.get("/words/findings?from=2026-10-01&to=2026-10-31").text)
    assert len(older.one("ol", "said-list").all("li")) == 1


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("agent=小周", [OFF_PLATFORM]),
        ("rule=ad-law/superlative", [CHEAPEST]),
        ("severity=error", [OFF_PLATFORM]),
        ("agent=小何", []),
    ],
)
def test_what_agents_sent_is_narrowed(desk: Running, query: str, texts: list[str]) -> None:
    said(desk, 1, CHEAPEST)
    said(desk, 2, OFF_PLATFORM, agent="小周")
    root = read(desk.client.get(f"/words/findings?{query}").text)
    assert [quote.text.strip() for quote in root.all("div", "quote")] == texts
    assert bool(root.all(class_="empty")) == (not texts)


def test_many_sentences_come_page_by_page(on_sqlite: Running) -> None:
    desk = on_sqlite
    desk.client.post("/sign-in", data={"key": desk.key})
    for number in range(PAGE + 1):
        said(desk, number, CHEAPEST)
    first = read(desk.client.get("/words/findings").text)
    assert len(first.one("ol", "said-list").all("li")) == PAGE
    [older] = first.all("a", "more-button")
    second = read(desk.client.get(older.attributes["href"]).text)
    assert len(second.one("ol", "said-list").all("li")) == 1
    assert tallied(second, "t-agent") == {"小林": str(PAGE + 1)}


def test_a_sentence_leads_to_its_place_in_its_session(desk: Running) -> None:
    said(desk, 1, f"<b>{CHEAPEST}</b>", agent="<i>小林</i>")
    [link] = [
        link for link in read(desk.client.get("/words/findings").text).all("a") if link.text == "在会话里看"
    ]
    address, _, anchor = link.attributes["href"].partition("#")
    root = read(desk.client.get(address).text)
    line = root.one("li", id=anchor)
    assert line.one("mark").text == "全网最低价"
    assert f"<b>{CHEAPEST}</b>" in line.one(class_="bubble").text.replace("1", "", 1)
    assert not root.one("ol", "talk").all("i")
    assert "什么时候发货" in root.one("ol", "talk").text


def test_a_session_that_is_not_there_is_told(desk: Running) -> None:
    assert desk.client.get("/words/session?id=nonsense").status_code == 404


def test_what_was_sent_all_the_same_is_listed_with_its_reason(desk: Running) -> None:
    assert "没有人坚持" in read(desk.client.get("/words/overrides").text).text
    override = {
        "id": "o1",
        "session": "s1",
        "agent": "<i>小周</i>",
        "text": OFF_PLATFORM,
        "reason": "老客户自己要的",
        "findings": [
            {
                "rule": "red-line/off-platform",
                "severity": "error",
                "match": "加我微信",
                "name": "站外联系",
                "message": "把买家引到站外",
                "suggestion": "",
            }
        ],
    }
    assert desk.ask("POST", "/v1/lint/overrides", json=override).is_success
    [line] = read(desk.client.get("/words/overrides").text).one("ol", "said-list").all("li")
    assert "老客户自己要的" in line.text
    assert "<i>小周</i>" in line.text
    assert not read(desk.client.get("/words/overrides?agent=小林").text).all("ol", "said-list")


# --- Pieces ---

findings = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from(["error", "warning", "info"])),
    max_size=5,
)


def finding(start: int, end: int, severity: Any) -> Finding:
    return Finding("r/r", "规则", "tone", severity, start, end, "", "", "", "", "")


@given(st.text(max_size=10), findings)
def test_the_pieces_make_up_the_text_again_and_the_gravest_finding_colours_them(
    text: str, spans: list[tuple[int, int, str]]
) -> None:
    found = [finding(min(a, b), max(a, b), severity) for a, b, severity in spans]
    pieces = pieces_of(text, found)
    assert "".join(piece.text for piece in pieces) == text
    at = 0
    for piece in pieces:
        over = {hit.severity for hit in found if hit.start <= at < min(hit.end, len(text))}
        tone = "bad" if "error" in over else "warn" if "warning" in over else "calm" if over else ""
        assert piece.tone == tone
        at += len(piece.text)


def test_a_rewritten_text_has_no_finding_that_a_rewrite_was_offered_for() -> None:
    linter = Linter.default()
    found = tried(linter, "全网最低价，顶级面料，加我微信 abc12345", "template", None, ())
    assert found.rewrites
    left = [each.rule for each in linter.check(found.better, channel="template").findings]
    assert "red-line/off-platform" in left
    assert len(left) == len(found.report.findings) - len(found.rewrites)
