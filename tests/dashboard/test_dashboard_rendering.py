"""What the live page says, without a browser."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_markup import Element, read
from live_views import (
    HOSTILE,
    NOON,
    REPLY_CURVE,
    busy_view,
    empty_view,
    rate,
    suggestion,
    waiting,
    week_ahead,
)

from app.core.forecast import DayCounts, forecast_period, period_of
from app.core.percentages import percent
from app.core.profiles import Status
from app.core.routing import AgentNow
from app.core.service_hours import State
from app.usecases.live import ActView, AdviceView, FindingView, LiveView, RateView, WaitingView
from app.usecases.staff import AgentView, GroupView, StaffView
from app.web.dashboard import (
    FRAGMENTS,
    STATUS_NAMES,
    error_page,
    excerpt,
    fragment,
    page,
)
from app.web.rendering import SECURITY_HEADERS, STATIC_DIR
from app.web.sign_in_pages import sign_in_page

ROOT = Path(__file__).parents[2]


def squeeze(text: str) -> str:
    return " ".join(text.split())


def with_waiting(*entries: WaitingView) -> LiveView:
    return replace(empty_view(), waiting=entries)


def with_rates(*entries: RateView) -> LiveView:
    return replace(empty_view(), rates=entries)


def finding(text: str, start: int, end: int) -> FindingView:
    return FindingView(
        at=NOON,
        session="s",
        agent="小林",
        text=text,
        start=start,
        end=end,
        severity="error",
        rule="TN1",
        name="反问",
        message="会让人不快",
        suggestion="换个说法",
    )


ALL_PAGES = {
    "busy": lambda: page(busy_view()),
    "empty": lambda: page(empty_view()),
    "sign in": sign_in_page,
    "sign in again": lambda: sign_in_page("密钥不对"),
    "error": lambda: error_page(404, "没有这一页", "地址可能写错了"),
}


# --- The page as a whole ---


@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_page_is_well_formed_chinese_html_without_inline_script_or_style(name: str) -> None:
    root = read(ALL_PAGES[name]())
    assert root.one("html").attributes["lang"] == "zh-CN"
    for element in root.all():
        assert "style" not in element.attributes, element
        assert not [attribute for attribute in element.attributes if attribute.startswith("on")], element
        assert element.tag != "style"
        if element.tag == "script":
            assert element.attributes["src"].startswith("/static/")
            assert not element.text
    ids = [element.attributes["id"] for element in root.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_page_loads_only_files_that_we_carry(name: str) -> None:
    root = read(ALL_PAGES[name]())
    addresses = [
        element.attributes[attribute]
        for element in root.all()
        for attribute in ("src", "href")
        if attribute in element.attributes and element.tag != "a"
    ]
    assert addresses
    for address in addresses:
        path = re.fullmatch(r"/static/([^?#]+)\?v=[0-9a-f]{12}(#\w+)?", address)
        assert path, address
        assert (STATIC_DIR / path[1]).is_file()


def test_every_icon_that_is_used_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (STATIC_DIR / "icons.svg").read_text()))
    used = {
        element.attributes["href"].partition("#")[2]
        for build in ALL_PAGES.values()
        for element in read(build()).all("use")
    }
    assert used <= drawn


@pytest.mark.parametrize("name", FRAGMENTS)
@pytest.mark.parametrize("view", [busy_view(), empty_view()], ids=["busy", "empty"])
def test_a_fragment_is_what_stands_in_the_page(name: str, view: LiveView) -> None:
    section = read(page(view)).one("section", id=f"part-{name}")
    part = read(fragment(name, view))
    part.children = [
        child for child in part.children if isinstance(child, str) or "hx-swap-oob" not in child.attributes
    ]
    assert squeeze(part.text) == squeeze(section.text)
    assert section.attributes["hx-get"] == f"/live/{name}"
    assert section.attributes["hx-trigger"].startswith(f"{name} from:#stream")


def test_a_fragment_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        fragment("../sign_in", empty_view())


@pytest.mark.parametrize(("robot_on", "words"), [(True, "自动回复已开"), (False, "自动回复已停")])
def test_the_state_of_the_robot_is_in_the_header_and_comes_along_with_the_acts(
    robot_on: bool, words: str
) -> None:
    view = empty_view(robot_on=robot_on)
    assert squeeze(read(page(view)).one(id="robot-state").text) == words
    swapped = read(fragment("acts", view)).one(id="robot-state")
    assert squeeze(swapped.text) == words
    assert swapped.attributes["hx-swap-oob"] == "true"
    assert "hx-swap-oob" not in page(view)


def test_times_are_shown_in_the_zone_of_the_shop() -> None:
    assert read(page(empty_view())).one("time", id="now").text == "12:18:26"


def test_the_security_headers_forbid_everything_but_our_own_files() -> None:
    policy = dict(part.split(" ", 1) for part in SECURITY_HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src", "font-src")} == {
        "'self'"
    }
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert SECURITY_HEADERS["X-Content-Type-Options"] == "nosniff"


# --- Texts of strangers ---


def _hostile_view() -> LiveView:
    """Every field that a stranger, or a shop's own data, can fill."""
    return LiveView(
        shop=HOSTILE,
        shop_name=HOSTILE,
        platform_name=HOSTILE,
        now=NOON,
        timezone="Asia/Shanghai",
        robot_on=True,
        waiting=(
            waiting(
                left_s=60,
                text=HOSTILE,
                buyer=HOSTILE,
                session=HOSTILE,
                agent=HOSTILE,
                kind=HOSTILE,
                note=HOSTILE,
                recap={"text": HOSTILE},
                suggestions=(suggestion(HOSTILE, title=HOSTILE, why=(HOSTILE,), missing=(HOSTILE,)),),
            ),
            waiting(left_s=-60, text=HOSTILE * 10, buyer=HOSTILE, session=HOSTILE),
        ),
        acts=(ActView(NOON, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), late=True),),
        findings=(
            FindingView(NOON, HOSTILE, HOSTILE, HOSTILE, 0, 20, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
            finding(HOSTILE * 10, 100, 150),
        ),
        advice=(AdviceView(HOSTILE, HOSTILE, HOSTILE, 0.5, (HOSTILE,), HOSTILE),),
        rates=(
            rate(
                measure=HOSTILE,
                name=HOSTILE,
                edition=HOSTILE,
                status=HOSTILE,
                source=HOSTILE,
                curve=((HOSTILE, 1, 2), (HOSTILE, 3, 4)),
            ),
        ),
        staff=StaffView(
            State(False, "closing", HOSTILE),
            None,
            (AgentView(AgentNow(HOSTILE, online=True, groups=(HOSTILE,)), HOSTILE, (HOSTILE,), HOSTILE),),
            (GroupView(HOSTILE, HOSTILE, 1, 1, None),),
            (HOSTILE,),
        ),
    )


def test_markup_in_any_field_stays_text() -> None:
    plain, hostile = page(busy_view()), page(_hostile_view())
    root = read(hostile)
    assert HOSTILE in root.text
    allowed = {element.tag for element in read(plain).all()} | {"details", "summary"}
    assert {element.tag for element in root.all()} <= allowed
    assert not root.all("img")
    assert all("src" in script.attributes for script in root.all("script"))
    assert all("onerror" not in element.attributes for element in root.all())
    assert not [a for a in root.all("a") if not a.attributes["href"].startswith(("/", "#"))]


@pytest.mark.parametrize("name", FRAGMENTS)
def test_markup_in_a_fragment_stays_text(name: str) -> None:
    root = read(fragment(name, _hostile_view()))
    assert HOSTILE[:40] in root.text
    assert not root.all("img")
    assert not root.all("script")


def test_a_right_to_left_mark_of_a_buyer_is_kept_inside_its_own_isolate() -> None:
    section = read(
        fragment("waiting", with_waiting(waiting(left_s=60, text="\u202e反的", buyer="\u202e买家")))
    )
    isolated = "".join(bdi.text for bdi in section.all("bdi"))
    assert isolated.count("\u202e") == section.text.count("\u202e") == 2


def test_a_lone_surrogate_does_not_break_the_page() -> None:
    assert "坏?字" in page(with_waiting(waiting(left_s=60, text="坏\ud800字", session="\udfff")))


def test_the_copy_button_carries_the_reply_exactly() -> None:
    text = '第一行\n"引号" & <尖括号> {order_no}'
    section = read(fragment("waiting", with_waiting(waiting(left_s=60, suggestions=(suggestion(text),)))))
    assert section.one("button", "copy").attributes["data-copy"] == text


def test_a_long_text_is_folded_and_nothing_of_it_is_lost() -> None:
    text = "很长的一段话。" * 200
    section = read(fragment("waiting", with_waiting(waiting(left_s=60, text=text))))
    folded = section.one("details", "long")
    assert text in folded.text
    assert len(folded.one("summary").text) < 250


# --- Waiting buyers ---


@pytest.mark.parametrize(
    ("left_s", "state", "shown", "name"),
    [
        (180, "calm", "03:00", "剩余"),
        (80.001, "calm", "01:21", "剩余"),
        (80, "amber", "01:20", "抓紧"),
        (25.5, "amber", "00:26", "抓紧"),
        (25, "red", "00:25", "马上超时"),
        (0.2, "red", "00:01", "马上超时"),
        (0, "red", "00:00", "马上超时"),
        (-0.001, "missed", "00:00", "已超时"),
        (-75.9, "missed", "01:15", "已超时"),
        (-3725, "missed", "1:02:05", "已超时"),
    ],
)
def test_the_clock_of_a_buyer_shows_what_is_left(left_s: float, state: str, shown: str, name: str) -> None:
    entry = waiting(left_s=left_s)
    item = read(fragment("waiting", with_waiting(entry))).one("li", "buyer")
    assert item.attributes["data-state"] == state
    assert item.one(class_="left").text == shown
    assert item.one(class_="left-name").text == name
    assert int(item.attributes["data-deadline"]) == round(entry.deadline_at.timestamp() * 1000)


def test_missed_buyers_stand_below_those_who_can_still_be_saved() -> None:
    root = read(fragment("waiting", busy_view()))
    states = [item.attributes["data-state"] for item in root.all("li", "buyer")]
    assert states == ["red", "amber", "calm", "calm", "calm", "missed"]
    assert len(root.one("ol", id="buyers-missed").all("li", "buyer")) == 1
    assert root.one(class_="count").text == "6"


@pytest.mark.parametrize(("counted", "badges"), [(True, 0), (False, 1)])
def test_a_message_that_does_not_count_says_so(counted: bool, badges: int) -> None:
    html = fragment("waiting", with_waiting(waiting(left_s=60, counted=counted)))
    assert html.count("不计入考核") == badges


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("image", "", "图片"),
        ("card", "看看这个", "商品/订单卡片"),
        ("text", "", "（空消息）"),
        ("voice", "", "语音"),
    ],
)
def test_a_message_without_words_is_named(kind: str, text: str, words: str) -> None:
    item = read(fragment("waiting", with_waiting(waiting(left_s=60, kind=kind, text=text)))).one(
        class_="said"
    )
    assert words in item.text
    assert text in item.text


def test_a_buyer_without_agent_or_suggestion_is_told_so_in_words() -> None:
    text = read(fragment("waiting", with_waiting(waiting(left_s=60, agent=None)))).text
    assert "还没分配客服" in text
    assert "话术库里没有合适的回复" in text


@pytest.mark.parametrize(
    ("score", "words"), [(0.0, "<1%"), (0.004, "<1%"), (0.42, "42%"), (0.994, "99%"), (1.0, ">99%")]
)
def test_a_chance_is_never_shown_as_certain(score: float, words: str) -> None:
    view = with_waiting(waiting(left_s=60, suggestions=(suggestion("好的", score=score),)))
    assert read(fragment("waiting", view)).one(class_="score").text == words


def test_two_messages_of_one_session_at_one_time_have_ids_of_their_own() -> None:
    entry = waiting(left_s=60)
    items = read(fragment("waiting", with_waiting(entry, entry))).all("li", "buyer")
    assert len({item.attributes["id"] for item in items}) == 2


def test_the_id_of_a_buyer_stays_when_the_others_change() -> None:
    entry = waiting(left_s=60, buyer="B7")
    later = replace(with_waiting(waiting(left_s=30, buyer="B1"), entry), now=NOON + timedelta(seconds=5))

    def id_of(view: LiveView) -> str:
        items = read(fragment("waiting", view)).all("li", "buyer")
        return next(item.attributes["id"] for item in items if "B7" in item.text)

    assert id_of(with_waiting(entry)) == id_of(later)


# --- Empty states ---


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("waiting", "现在没有人在等，歇口气"),
        ("acts", "机器今天还没动手"),
        ("findings", "今天说的话都很干净"),
        ("advice", "暂时没有适合邀评的会话"),
        ("rates", "还没有指标"),
        ("staff", "还不知道有哪些客服"),
    ],
)
def test_a_part_with_nothing_in_it_speaks_to_people(name: str, words: str) -> None:
    assert words in fragment(name, empty_view())
    assert words not in fragment(name, busy_view())


# --- Agents and their loads ---


def test_who_is_online_full_or_missing_is_told_apart() -> None:
    root = read(fragment("staff", busy_view()))
    seats = [squeeze(seat.text) for seat in root.all("li", "seat")]
    assert len(seats) == 4
    assert seats[0] == "阿哲 售后 已满 6/6 位"
    assert seats[3] == "小周 售后 在班，没上线 0/6 位"
    text = squeeze(root.text)
    assert "营业中，周三 09:00-22:00" in text
    assert "到 22:18" in text
    assert "另有 1 位不在线" in text
    assert "售后 6/6 位，已满" in text
    assert "小周 在班但不在线，可请上线" in text


def test_a_closed_shop_says_when_it_opens() -> None:
    view = busy_view()
    assert view.staff is not None
    closed = State(False, "week", "不在服务时间，周三 休息", view.now + timedelta(days=1))
    shown = replace(view, staff=replace(view.staff, state=closed, closes_at=None))
    assert "下次 明天 12:18" in squeeze(read(fragment("staff", shown)).text)


def test_what_was_said_before_stands_with_the_buyer_who_waits() -> None:
    root = read(fragment("waiting", busy_view()))
    [told] = root.all("p", "recap")
    assert squeeze(told.text).startswith("此前 还没答：灯罩收到有一道裂")


# --- Findings, acts, advice ---


def test_the_span_of_a_finding_is_counted_in_code_points() -> None:
    text = "😓亲😊，不是跟您说了吗"
    start = text.index("不是")
    quote = read(fragment("findings", replace(empty_view(), findings=(finding(text, start, len(text)),))))
    assert quote.one("mark").text == "不是跟您说了吗"
    assert quote.one(class_="quote").text.strip() == text


def test_a_span_with_markup_in_it_is_marked_as_text() -> None:
    text = "点<b>这里</b>"
    quote = read(fragment("findings", replace(empty_view(), findings=(finding(text, 1, len(text)),))))
    assert quote.one("mark").text == "<b>这里</b>"
    assert not quote.all("b")


@given(st.text(max_size=400), st.integers(-5, 500), st.integers(-5, 500))
def test_an_excerpt_is_a_piece_of_the_text_around_the_span(text: str, start: int, end: int) -> None:
    part = excerpt(text, start, end)
    whole = part.before + part.match + part.after
    assert whole in text
    assert part.cut_left or text.startswith(whole)
    assert part.cut_right or text.endswith(whole)
    if 0 <= start <= end <= len(text):
        assert part.match == text[start:end]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("sent", "已自动回复"),
        ("held_back", "暂不代答"),
        ("dead", "送达失败"),
        ("something_new", "something_new"),
    ],
)
def test_an_act_is_named_and_a_late_one_marked(kind: str, words: str) -> None:
    act = ActView(NOON, kind, "s", "B1", "标题", "", ("因为",), late=True)
    head = read(fragment("acts", replace(empty_view(), acts=(act,)))).one(class_="act-head")
    assert words in head.text
    assert "晚了" in head.text
    prompt = replace(empty_view(), acts=(replace(act, late=False),))
    assert "晚了" not in fragment("acts", prompt)


def test_advice_gives_its_chance_its_reasons_and_what_to_say() -> None:
    root = read(fragment("advice", busy_view()))
    badges = [
        [squeeze(badge.text) for badge in item.all(class_="badge")] for item in root.all("li", "advice")
    ]
    assert badges == [["现在邀评"], ["有差评风险", "已邀请，等评价"], ["再等等"], ["先别邀评"]]
    first = root.all("li", "advice")[0]
    assert first.one(class_="chance").one(class_="num").text == "94%"
    assert "问题已解决，买家说了谢谢" in first.text
    assert "41/52=78.8%，邀请后预计 79.1%" in first.one("p", "effect").text
    copies = [button.attributes["data-copy"] for button in first.all("button", "copy")]
    assert [text[:4] for text in copies] == ["很高兴帮", "感谢您的"], "the one whose turn it is, then another"


# --- Rates ---


@pytest.mark.parametrize(
    ("numerator", "denominator", "lines", "words"),
    [
        (3, 4, [], "75%"),
        (2, 3, [], "66.7%"),
        (312, 331, [Fraction(95, 100)], "94.3%"),
        (0, 7, [], "0%"),
        (7, 7, [], "100%"),
        (9999, 10000, [], "99.99%"),
        (1, 10000, [], "0.01%"),
        (6999, 10000, [Fraction(7, 10)], "69.99%"),
        (7001, 10000, [Fraction(7, 10)], "70.01%"),
        (7, 10, [Fraction(7, 10)], "70%"),
    ],
)
def test_a_rate_is_rounded_but_never_across_a_line(
    numerator: int, denominator: int, lines: list[Fraction], words: str
) -> None:
    assert percent(Fraction(numerator, denominator), lines) == words


@given(st.integers(1, 10_000), st.data())
def test_the_printed_rate_stands_where_the_exact_rate_stands(denominator: int, data: st.DataObject) -> None:
    exact = Fraction(data.draw(st.integers(0, denominator)), denominator)
    line = Fraction(data.draw(st.integers(0, 1000)), 1000)
    shown = Fraction(percent(exact, [line]).removesuffix("%")) / 100
    assert (shown > line) == (exact > line)
    assert (shown == line) == (exact == line)
    assert abs(shown - exact) <= Fraction(5, 10_000)


def test_an_empty_denominator_is_no_rate() -> None:
    card = read(fragment("rates", with_rates(rate(0, 0, pending=2, platform_target=Fraction(8, 10))))).one(
        "article"
    )
    assert card.one(class_="rate-value").text == "暂无"
    assert "还没有到期的条目" in card.text
    assert "2 条还在计时" in card.text
    assert "0%" not in card.text.replace("80%", "")
    assert card.attributes["data-tone"] == "plain"


@pytest.mark.parametrize(
    ("numerator", "higher_is_better", "standing"),
    [
        (69, True, "低于扣罚线"),
        (70, True, "未达平台目标"),
        (79, True, "未达平台目标"),
        (80, True, "未达本店目标"),
        (95, True, "达标"),
    ],
)
def test_a_rate_is_held_against_each_line_exactly(
    numerator: int, higher_is_better: bool, standing: str
) -> None:
    view = with_rates(
        rate(
            numerator,
            100,
            penalty_line=Fraction(70, 100),
            platform_target=Fraction(80, 100),
            own_goal=Fraction(95, 100),
            higher_is_better=higher_is_better,
        )
    )
    card = read(fragment("rates", view)).one("article")
    assert squeeze(card.one(class_="rate-main").text) == f"{numerator}% {standing}"
    assert [squeeze(line.text) for line in card.all("li", "line")] == [
        "扣罚线 ≥ 70%",
        "平台目标 ≥ 80%",
        "本店目标 ≥ 95%",
    ]


@pytest.mark.parametrize(("numerator", "standing"), [(6, "达标"), (7, "高于扣罚线")])
def test_where_less_is_better_the_line_is_read_the_other_way(numerator: int, standing: str) -> None:
    view = with_rates(rate(numerator, 100, penalty_line=Fraction(6, 100), higher_is_better=False))
    card = read(fragment("rates", view)).one("article")
    assert squeeze(card.one(class_="rate-main").text) == f"{numerator}% {standing}"
    assert "≤ 6%" in card.text


def test_a_rate_without_any_line_is_not_praised() -> None:
    assert "达标" not in read(fragment("rates", with_rates(rate(5, 5)))).one(class_="rate-main").text


@pytest.mark.parametrize(
    ("status", "words"), [("reported", "据报道"), ("assumed", "推定"), ("据店主说", "据店主说")]
)
def test_the_edition_and_how_sure_we_are_of_it_are_shown(status: str, words: str) -> None:
    card = read(fragment("rates", with_rates(rate(status=status, edition="2023 版", source="来源")))).one(
        class_="edition"
    )
    assert card.one(class_="badge").text == words
    assert "2023 版" in card.text
    assert "来源" in card.text


def test_every_status_that_an_edition_can_have_is_named_in_chinese() -> None:
    assert set(STATUS_NAMES) == set(Status)


def test_the_plot_has_the_counts_of_the_day_and_its_lines() -> None:
    view = with_rates(rate(curve=REPLY_CURVE, platform_target=Fraction(8, 10)))
    card = read(fragment("rates", view)).one("article")
    plot = json.loads(card.one(class_="plot").attributes["data-plot"])
    assert plot["labels"] == ["08", "09", "10", "11", "12", "13"]
    assert plot["numerators"][-1] == 312
    assert plot["denominators"][0] == 0
    assert plot["lines"] == [{"name": "平台目标", "kind": "target", "value": 80.0}]


def test_the_table_says_what_the_plot_says() -> None:
    table = read(fragment("rates", with_rates(rate(curve=REPLY_CURVE)))).one("table")
    rows = [
        [cell.text for cell in row.children if isinstance(cell, Element)]
        for row in table.one("tbody").all("tr")
    ]
    assert rows[0] == ["08", "0", "0", "暂无"]
    assert rows[-1] == ["13", "312", "331", "94.3%"]
    assert len(rows) == len(REPLY_CURVE)


@pytest.mark.parametrize("curve", [(), (("09", 0, 0), ("10", 0, 0)), (("09", 0, 0), ("10", 1, 2))])
def test_a_curve_of_less_than_two_points_is_not_drawn(curve: tuple[tuple[str, int, int], ...]) -> None:
    assert not read(fragment("rates", with_rates(rate(curve=curve)))).all(class_="plot")


def test_a_rate_says_where_its_period_will_end_and_what_each_line_still_needs() -> None:
    ahead = week_ahead(80, 100)
    box = read(fragment("rates", with_rates(replace(rate(), ahead=ahead)))).one(class_="ahead")
    words = squeeze(box.text)
    assert f"80%（{ahead.numerator} / {ahead.denominator}）" in words
    assert "自然周（" in words
    assert "预计" in words
    penalty, goal = box.one(class_="ahead-lines").all("li")
    assert penalty.one(class_="badge").attributes["class"] == "badge good"
    assert f"此刻还可漏 {ahead.lines[0].room} 个" in penalty.text
    assert f"还需连续 {ahead.lines[1].needed} 个达标" in goal.text
    assert goal.one(class_="badge").attributes["class"] in {"badge warn", "badge bad"}


def test_too_little_to_forecast_is_said() -> None:
    ahead = forecast_period([DayCounts(NOON.date(), 3, 4)], NOON, period_of("natural_day", NOON.date()), {})
    box = read(fragment("rates", with_rates(replace(rate(), ahead=ahead)))).one(class_="ahead")
    assert "不做预测" in box.text
    assert squeeze(box.one(class_="ahead-period").text) == "今天 现在 75%（3 / 4）"


# --- Sign-in and errors ---


def test_the_sign_in_forms_post_password_or_key_and_tell_what_to_do_without_either() -> None:
    root = read(sign_in_page())
    by_password, by_key = root.all("form")
    for form, name in ((by_password, "password"), (by_key, "key")):
        assert (form.attributes["method"], form.attributes["action"]) == ("post", "/sign-in")
        secret = form.one("input", name=name)
        assert secret.attributes["type"] == "password"
        assert secret.attributes["id"] in {label.attributes["for"] for label in form.all("label")}
    assert "登不进来" in root.text
    assert not root.all(role="alert")


def test_what_went_wrong_at_sign_in_is_said_as_text() -> None:
    alert = read(sign_in_page("密钥 <b>不对</b>")).one(role="alert")
    assert alert.text == "密钥 <b>不对</b>"


def test_an_error_page_says_what_happened_and_leads_back() -> None:
    root = read(error_page(429, "太快了", "<i>请</i>稍等"))
    assert [squeeze(root.one(tag).text) for tag in ("h1", "a")] == ["太快了", "回到看板"]
    assert "429" in root.text
    assert "<i>请</i>稍等" in root.text
    assert not root.all("i")


# --- Vendored files ---


def _vendor_assets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vendor_assets", ROOT / "tools" / "vendor_assets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys_modules = __import__("sys").modules
    sys_modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("place", [STATIC_DIR, Path(__file__).parent], ids=["shipped", "test tools"])
def test_vendored_files_are_byte_for_byte_those_written_down(place: Path) -> None:
    assert _vendor_assets().mismatches(place) == []


def test_a_changed_vendored_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    for name in ("VENDORED.md", "vendor/htmx.min.js"):
        (tmp_path / name).write_bytes((STATIC_DIR / name).read_bytes())
    (tmp_path / "vendor" / "htmx.min.js").open("a").write("\n")
    (tmp_path / "vendor" / "stray.js").write_text("")
    assert {"vendor/htmx.min.js", "vendor/stray.js", "vendor/uPlot.min.css"} <= set(
        _vendor_assets().mismatches(tmp_path)
    )
