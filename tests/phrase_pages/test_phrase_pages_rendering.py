"""What the phrase pages say, without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from live_markup import Element, read
from page_views import STRANGE, TODAY, care_groups, frame, listing, phrase, strange_phrase

from app.usecases.bank_care import ImportPlan
from app.usecases.browse_phrases import Entry, Wanted
from app.web.care_pages import Done, care_page, done_part, spark
from app.web.form_pages import (
    Check,
    Clash,
    Form,
    check_part,
    checked,
    clash_of,
    edit_page,
    form_of,
    sample_of,
)
from app.web.import_pages import bad_rows_csv, import_page, plan_name, refused, review_of, review_part
from app.web.phrase_pages import Frame, entry_part, list_page, results_part
from app.web.rendering import STATIC_DIR
from app.web.who import Who
from lint import Linter
from phrasebank import Phrase
from phrasebank.formats import parse_bank
from phrasebank.variables import KNOWN, Type, variable_named


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter.default()


def edit(
    one: Phrase | None = None,
    form: Form | None = None,
    check: Check | None = None,
    frame_: Frame | None = None,
) -> str:
    record = (one or phrase()).to_json()
    return edit_page(frame_ or frame(), form_of(record, record, form or Form()), check or Check())


def strange_review(words: str) -> str:
    one = strange_phrase(words)
    table = json.dumps([one.to_json(), {"text": "", "title": words}])
    found = parse_bank(table.encode("utf-8", "replace"), "x.json")
    finding = {"text": words, "rule": "A1", "message": words, "match": "y", "severity": "error"}
    told = {"row": 1, "id": one.id, "text": words, "findings": [finding]}
    difference = {"column": "title", "before": words, "after": [words], "taken": False}
    plan = ImportPlan(
        (one,), (one,), 0, (told,), (told,), ({"row": 2, "id": "q", "differences": [difference]},), 0
    )
    return review_part(review_of(words, found, plan, prefer="bank", stored=False, refusal=words))


def clashing(words: str) -> str:
    base = strange_phrase(words).to_json()
    record, clash = clash_of(base, base | {"title": f"我{words}"}, base | {"title": words[::-1]}, words)
    return edit_page(frame(), form_of(record, base, Form(clash=clash)), Check())


PAGES: dict[str, Callable[[str], str]] = {
    "list": lambda words: list_page(
        replace(frame(), shop_name=words), listing(strange_phrase(words), owners=(words,))
    ),
    "found": lambda words: list_page(
        frame(),
        listing(
            wanted=Wanted(words=words, category=words),
            entries=(Entry(strange_phrase(words), 0.5, (words,)),),
            total=400,
        ),
    ),
    "empty": lambda words: list_page(frame(), listing(wanted=Wanted(words=words))),
    "edit": lambda words: edit(strange_phrase(words), Form(why=words, fault=("title", words), problem=words)),
    "clash": clashing,
    "import": lambda words: import_page(replace(frame(), shop_name=words), limit=2 << 20, size=3),
    "care": lambda words: care_page(frame(), care_groups(words)),
    "care under way": lambda words: care_page(replace(frame(), shop_name=words), None),
}
PARTS: dict[str, Callable[[str], str]] = {
    "entry": lambda words: entry_part(frame(), Entry(strange_phrase(words)), TODAY),
    "review": strange_review,
    "refused": lambda words: review_part(refused(words, words, [words])),
    "done": lambda words: done_part(frame(), Done("c-1", words, (words, words), (words,))),
}


@pytest.mark.parametrize("words", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize("name", [*PAGES, *PARTS])
def test_no_text_of_a_stranger_becomes_markup(name: str, words: str) -> None:
    html = (PAGES | PARTS)[name](words)
    root = read(html)
    html.encode()
    assert not root.all("img")
    for element in root.all():
        assert "style" not in element.attributes
        assert not [attribute for attribute in element.attributes if attribute.startswith("on")]
        if element.tag == "script":
            assert element.attributes["src"].startswith("/static/")
    ids = [element.attributes["id"] for element in root.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))


def outside_isolation(element: Element) -> str:
    """The text that stands in no `<bdi>`, nor in what the browser isolates by itself."""
    if element.tag in {"bdi", "textarea", "option", "title", "script"}:
        return ""
    return "".join(
        child if isinstance(child, str) else outside_isolation(child) for child in element.children
    )


@pytest.mark.parametrize("name", [*PAGES, *PARTS])
def test_right_to_left_marks_cannot_reach_their_surroundings(name: str) -> None:
    # Messages of our own (fault, problem, linter) may quote a stranger, but stand in blocks of their own.
    root = read((PAGES | PARTS)[name]("\u202eאבג"))
    for quoting in ("fault", "problem", "finding-why", "clash"):
        for element in root.all(class_=quoting):
            element.children = []
    assert "\u202e" not in outside_isolation(root)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_chinese_and_loads_only_files_that_we_carry(name: str) -> None:
    root = read(PAGES[name]("您好"))
    assert root.one("html").attributes["lang"] == "zh-CN"
    for element in root.all():
        for attribute in ("src", "href"):
            address = element.attributes.get(attribute, "")
            if element.tag != "a" and address:
                found = re.fullmatch(r"/static/([^?#]+)\?v=[0-9a-f]{12}(#\w+)?", address)
                assert found, address
                assert (STATIC_DIR / found[1]).is_file()
    drawn = set(re.findall(r'<symbol id="(\w+)"', (STATIC_DIR / "icons.svg").read_text()))
    assert {use.attributes["href"].partition("#")[2] for use in root.all("use")} <= drawn


@pytest.mark.parametrize("name", PAGES)
def test_every_field_has_a_name_that_a_screen_reader_says(name: str) -> None:
    root = read(PAGES[name]("您好"))
    labelled = {label.attributes["for"] for label in root.all("label") if "for" in label.attributes}
    inside = {id(field) for label in root.all("label") for field in label.all()}
    for tag in ("input", "select", "textarea"):
        for field in root.all(tag):
            if field.attributes.get("type") == "hidden":
                continue
            assert (
                field.attributes.get("id") in labelled
                or "aria-label" in field.attributes
                or id(field) in inside
            ), field.attributes


@pytest.mark.parametrize("name", PAGES)
def test_every_form_that_changes_something_carries_the_token(name: str) -> None:
    for form in read(PAGES[name]("您好")).all("form"):
        if form.attributes.get("method") == "post" and form.attributes["action"] != "/sign-out":
            assert form.one("input", name="token").attributes["value"] == "tok-1"


@pytest.mark.parametrize(
    "page",
    [
        list_page(frame(may_edit=False), listing(phrase())),
        edit(frame_=frame(may_edit=False)),
        import_page(frame(may_edit=False), limit=1, size=1),
        care_page(frame(may_edit=False), care_groups()),
    ],
    ids=["list", "edit", "import", "care"],
)
def test_who_may_only_read_is_offered_nothing_to_change(page: str) -> None:
    root = read(page)
    closed = {
        id(button) for fieldset in root.all("fieldset", disabled="") for button in fieldset.all("button")
    }
    offered = [
        form.attributes["action"]
        for form in root.all("form", method="post")
        if any(id(button) not in closed for button in form.all("button"))
    ]
    assert offered == ["/sign-out"]
    assert "不能改" in root.one(class_="notice").text


# --- List ---


def test_the_page_that_is_open_is_marked_in_the_header() -> None:
    places = read(list_page(frame(), listing(phrase()))).one("nav", "places")
    marked = {a.text: a.attributes.get("aria-current") for a in places.all("a")}
    assert marked["话术"] == "page"
    assert {mark for name, mark in marked.items() if name != "话术"} == {None}


@pytest.mark.parametrize(("scopes", "shown"), [((), False), (("alerts",), True)])
def test_the_header_leads_only_to_rooms_that_are_open_to_the_viewer(
    scopes: tuple[str, ...], shown: bool
) -> None:
    framed = replace(frame(), who=Who("小周", "主管", frozenset(scopes)))
    root = read(list_page(framed, listing(phrase())))
    assert ("提醒" in [a.text for a in root.one("nav", "places").all("a")]) is shown
    assert "小周" in root.one(class_="person").text


def test_a_phrase_found_says_why_and_how_likely() -> None:
    found = listing(
        wanted=Wanted(words="发货"), entries=(Entry(phrase(), 0.93, ("与例句「发货」相同",)),), total=1
    )
    entry = read(results_part(frame(), found)).one("li", "phrase")
    assert entry.one(class_="score").text == "93%"
    assert entry.one(class_="phrase-why").text == "与例句「发货」相同"


def test_categories_head_their_phrases_but_not_what_was_searched() -> None:
    one = phrase()
    assert read(results_part(frame(), listing(one))).one("li", "opens").text == "问候"
    searched = listing(one, wanted=Wanted(words="您好"))
    assert not read(results_part(frame(), searched)).all("li", "opens")


def test_a_long_list_tells_how_many_are_left_and_keeps_the_filters() -> None:
    found = listing(*(phrase(f"p{n}") for n in range(50)), wanted=Wanted(state="draft"), total=120)
    link = read(results_part(frame(), found)).one("a", "more-button")
    assert "70" in link.text
    assert link.attributes["href"] == "/phrases?state=draft&start=50"
    last = listing(phrase(), wanted=Wanted(start=119), total=120)
    assert not read(results_part(frame(), last)).all("a", "more-button")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"state": "draft"}, ["待批准"]),
        ({"state": "retired"}, ["已停用"]),
        ({"owner": "小林"}, ["个人：小林"]),
        ({"valid_until": "2026-11-21"}, ["2026-11-21 已过期"]),
        ({"valid_until": "2026-11-22"}, ["用到 2026-11-22"]),
        ({"valid_from": "2026-11-23"}, ["2026-11-23 起生效"]),
        ({"valid_from": "2026-11-22"}, []),
        ({}, []),
    ],
)
def test_what_keeps_a_phrase_from_being_offered_is_marked(more: dict[str, str], words: list[str]) -> None:
    entry = read(entry_part(frame(), Entry(phrase(**more)), TODAY))
    assert [badge.text for badge in entry.all(class_="badge")] == words


@pytest.mark.parametrize(
    ("state", "label", "becomes"),
    [
        ("draft", "批准", "approved"),
        ("approved", "停用", "retired"),
        ("retired", "重新启用", "approved"),
    ],
)
def test_one_click_takes_a_phrase_to_its_next_state(state: str, label: str, becomes: str) -> None:
    button = read(entry_part(frame(), Entry(phrase(state=state)), TODAY)).one("button", name="state")
    assert (button.text, button.attributes["value"]) == (label, becomes)


# --- Form ---


def test_the_form_shows_every_column() -> None:
    root = read(edit(phrase(keywords=["发货", "a&b"], items=["i-1"], valid_until="2026-12-01", order=7)))
    shown = {
        field.attributes["name"]: field.attributes.get("value", field.text).strip()
        for tag in ("input", "textarea")
        for field in root.one("form", "editor").all(tag)
        if field.attributes.get("type") not in ("radio", "checkbox")
    }
    assert shown["keywords_any"] == "发货"
    assert shown["keywords_all"] == "a&b"
    assert (shown["items"], shown["valid_until"], shown["order"]) == ("i-1", "2026-12-01", "7")
    names = {
        f.attributes["name"] for t in ("input", "textarea") for f in root.all(t) if "name" in f.attributes
    }
    columns = set(phrase().to_json()) - {"id", "keywords"}
    assert columns <= names


def test_a_text_that_begins_with_a_line_break_keeps_it() -> None:
    html = edit(phrase(text="\n您好"))
    assert re.search(r'name="text"[^>]*>\n\n您好</textarea>', html)


def test_the_column_at_fault_is_marked_and_its_reason_stands_there() -> None:
    root = read(edit(form=Form(fault=("order", "应为整数"))))
    field = root.one("input", name="order")
    assert field.attributes["aria-invalid"] == "true"
    assert root.one(id=field.attributes["aria-describedby"]).text.strip() == "应为整数"


def test_two_editors_see_what_each_wrote_and_what_was_taken() -> None:
    base = phrase().to_json()
    mine, theirs = base | {"text": "我的"}, base | {"text": "对方的", "title": "新标题"}
    record, clash = clash_of(base, mine, theirs, "小周")
    root = read(edit_page(frame(), form_of(record, theirs, Form(clash=clash)), Check()))
    told = root.one("section", "clash")
    assert "小周" in told.one("h2").text
    assert "标题" in told.text
    assert [side.one("bdi").text for side in told.one(class_="versions").all("div")] == ["我的", "对方的"]
    assert root.one("textarea", name="text").text.strip() == "我的"
    assert root.one("input", name="title").attributes["value"] == "新标题"
    assert [hidden.attributes["value"] for hidden in root.all("input", name="disputed")] == ["text"]


def test_a_disagreement_that_was_settled_is_told_no_more() -> None:
    assert not read(edit(form=Form(clash=Clash("还没有保存")))).all(class_="dispute")


# --- Check ---


def test_the_linter_finds_errors_in_text_and_variants(linter: Linter) -> None:
    found = checked(linter, {"text": "您好", "variants": ["全网最低价，销量第一"]})
    assert found.errors > 0
    root = read(check_part(found))
    assert root.one(data_errors=str(found.errors))
    first = root.all("li", "finding")[0]
    assert first.one(class_="check-place").text == "第 2 种说法"
    assert first.one("mark").text in "全网最低价，销量第一"


def test_variables_are_listed_and_filled_in_the_preview(linter: Linter) -> None:
    found = checked(linter, {"text": "{buyer}，订单 {order_no} 已发出"})
    assert [(variable.name, variable.type) for variable, _ in found.variables] == [
        ("buyer", Type.TEXT),
        ("order_no", Type.ORDER_NO),
    ]
    ((_, text),) = found.texts
    assert "{" not in text
    assert all(sample in text for _, sample in found.variables)
    assert "单号" in read(check_part(found)).one("table", "variables").text


def test_every_sample_of_the_preview_is_of_its_type() -> None:
    for variable in (*KNOWN.values(), variable_named("whatever")):
        assert variable.complaint(sample_of(variable)) is None, variable.name


def test_an_endless_text_is_not_linted_but_told(linter: Linter) -> None:
    found = checked(linter, {"text": "好" * 20_001})
    assert (found.errors, found.texts) == (0, ())
    assert "20000" in read(check_part(found)).one(class_="problem").text


def test_an_empty_form_says_what_will_stand_here(linter: Linter) -> None:
    assert "边写边查" in check_part(checked(linter, {"text": " "}))


# --- Import ---

SHEET = "分组,标题,内容,适用人群\r\n发货,何时,今天发,老客\r\n发货,空的,,\r\n".encode("gb18030")
NOTHING = ImportPlan((), (), 0, ())


def test_a_file_is_reviewed_with_what_is_new_and_what_is_refused() -> None:
    found = parse_bank(SHEET, "x.csv")
    review = review_of("x.csv", found, replace(NOTHING, added=found.phrases), prefer="bank", stored=False)
    assert review.headers == (("分组", "category"), ("标题", "title"), ("内容", "text"), ("适用人群", ""))
    assert review.unknown == 1
    root = read(review_part(review))
    assert [(item.one(class_="num").text, item.text) for item in root.one("ul", "sums").all("li")][:4] == [
        ("1", "1会新增"),
        ("0", "0会改动"),
        ("0", "0和库里一样"),
        ("1", "1没有收"),
    ]
    assert "第 3 行" in root.one("ol", "bad-rows").text
    assert root.one("button", "primary").attributes["data-plan"] == plan_name(
        replace(NOTHING, added=found.phrases)
    )


def test_rows_that_were_not_taken_go_into_a_file_in_their_order_and_never_as_formulas() -> None:
    found = parse_bank(SHEET, "x.csv")
    finding = {"text": "", "rule": "A", "message": "不能说", "match": "第一", "severity": "error"}
    refusal = {"row": 2, "id": "p", "text": "=1+1", "findings": [finding]}
    lines = bad_rows_csv(found, replace(NOTHING, problems=(refusal,))).decode("utf-8-sig").splitlines()
    assert lines == [
        "位置,列,原因,内容",
        "第 2 行,内容,违规用语：「第一」不能说,'=1+1",
        "第 3 行,内容,内容是空的,",
    ]
    assert bad_rows_csv(parse_bank(b"text\nok", "x.csv"), NOTHING) == b""


def test_nothing_to_store_offers_no_button() -> None:
    review = review_of("x", parse_bank(b"text\nok", "x.csv"), NOTHING, prefer="bank", stored=False)
    root = read(review_part(review))
    assert not root.all("button", "primary")
    assert "没有要存的" in root.text


def test_two_plans_share_a_name_only_if_they_would_store_the_same() -> None:
    one = replace(NOTHING, added=(phrase(),))
    assert plan_name(one) == plan_name(replace(one, same=7))
    assert plan_name(one) != plan_name(replace(NOTHING, added=(phrase(text="别的"),)))


def test_a_table_without_a_known_column_can_be_told_what_its_columns_mean() -> None:
    root = read(review_part(refused("x.csv", "没有找到", ["应答语", "说明"])))
    assert [select.attributes["data-header"] for select in root.all("select")] == ["应答语", "说明"]
    assert "内容" in [option.text for option in root.all("select")[0].all("option")]


# --- Care ---


def test_enquiries_without_an_answer_come_first_with_their_trend() -> None:
    root = read(care_page(frame(), care_groups()))
    assert [head.text for head in root.one("main").all("h2")] == ["还没有话术的咨询", "内容相近"]
    item = root.all("li", "care-item")[0]
    assert "12 次" in item.one(class_="times").text
    assert len(item.one("polyline").attributes["points"].split()) == 7
    assert "14%" in item.text
    assert [button.text for button in item.all("button")] == [
        "起草一条话术",
        "「有没有儿童款」加进例句",
        "不用处理",
    ]


def test_the_action_of_a_button_is_sent_back_whole() -> None:
    item = read(care_page(frame(), care_groups())).all("li", "care-item")[1]
    action = json.loads(item.one("input", name="action").attributes["value"])
    assert (action["do"], action["ids"], action["into"]) == ("merge", ["b"], "a")


def test_a_bank_without_findings_is_praised() -> None:
    assert "话术库很健康" in care_page(frame(), ())


@pytest.mark.parametrize(("counts", "points"), [([], ""), ([3], ""), ([0, 0], "0.0,26.0 120.0,26.0"), ([0, 4], "0.0,26.0 120.0,2.0")])  # fmt: skip
def test_a_trend_is_drawn_from_two_days_on(counts: list[int], points: str) -> None:
    assert spark(counts) == points
