"""The phrase pages over HTTP: who may see and change, forgeries, two editors, import, history, large banks."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from conftest_service import Running
from live_markup import Element, read

from app.usecases.administration import add_key, principal_of_key
from app.usecases.phrase_history import Author, change_phrases
from app.usecases.web_sessions import open_web_session
from app.web.auth import COOKIE
from phrasebank import Phrase, starter_bank

READING = (
    "/phrases",
    "/phrases/new",
    "/phrases/edit?id=greet-hello",
    "/phrases/history?id=greet-hello",
    "/phrases/import",
    "/phrases/export?format=csv",
    "/phrases/care",
)
WRITING = (
    "/phrases/check",
    "/phrases/save",
    "/phrases/state",
    "/phrases/remove",
    "/phrases/restore",
    "/phrases/import",
    "/phrases/care/act",
    "/phrases/care/undo",
    "/phrases/care/dismiss",
    "/phrases/care/restore",
)
FILE = "分组,标题,内容,适用人群\r\n发货,何时,付款后两天内发出,老客\r\n发货,空的,,\r\n发货,夸,全网第一好,\r\n"


class Desk:
    """Somebody at the dashboard: signed in, with the token of their forms."""

    def __init__(self, running: Running, scopes: tuple[str, ...], label: str = "") -> None:
        self.running = running

        def sign_in(db: Any) -> str:
            key = add_key(db, "demo", running.clock(), scopes=scopes, label=label)
            principal = principal_of_key(db, key)
            assert principal is not None
            return open_web_session(db, principal, running.clock())

        self.cookie = running.service.writer.submit(sign_in).result(10)
        self.token = self.see("/phrases").one("body").attributes["data-token"]

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, headers=headers)

    def see(self, path: str) -> Element:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return read(answer.text)

    def post(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.ask("POST", path, data={"token": self.token} | (fields or {}), headers=headers)

    def send(self, content: bytes, **query: Any) -> dict[str, Any]:
        """The last line of the answer to a file."""
        answer = self.ask(
            "POST", "/phrases/import", params=query, content=content, headers={"x-form-token": self.token}
        )
        assert answer.status_code == 200, answer.text
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert all("stage" in line for line in lines[:-1])
        return dict(lines[-1])

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
        headers = {"cookie": f"{COOKIE}={self.cookie}"} | (headers or {})
        return self.running.client.request(method, path, headers=headers, follow_redirects=False, **more)

    def fields(self, path: str) -> dict[str, Any]:
        """The fields of the form at an address, as a browser would send them."""
        return form_fields(self.see(path))

    def phrase(self, phrase_id: str) -> dict[str, Any] | None:
        answer = self.running.ask("GET", f"/v1/phrases/{phrase_id}")
        return dict(answer.json()) if answer.status_code == 200 else None


def form_fields(page: Element) -> dict[str, Any]:
    form = page.one("form", "editor")
    fields: dict[str, Any] = {}
    for tag in ("input", "textarea"):
        for element in form.all(tag):
            name, kind = element.attributes.get("name"), element.attributes.get("type")
            if name is None or (kind in ("radio", "checkbox") and "checked" not in element.attributes):
                continue
            value = element.attributes.get("value", "") if tag == "input" else element.text.removeprefix("\n")
            fields.setdefault(name, []).append(value)
    return fields


@pytest.fixture
def desk(on_sqlite: Running) -> Desk:
    return Desk(on_sqlite, ("dashboard", "phrases"), "小周")


# --- Who may ---


def test_without_a_sign_in_every_page_leads_to_it_and_nothing_can_be_sent(on_sqlite: Running) -> None:
    for path in READING:
        answer = on_sqlite.client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
        assert on_sqlite.client.get(path, headers={"x-part": "1"}).status_code == 401
    for path in WRITING:
        assert on_sqlite.client.post(path, data={"id": "greet-hello"}).status_code == 401, path
    assert on_sqlite.ask("GET", "/v1/phrases/greet-hello").status_code == 200


def test_who_may_only_look_sees_all_and_changes_nothing(on_sqlite: Running) -> None:
    reader = Desk(on_sqlite, ("dashboard",))
    for path in READING:
        assert reader.get(path).status_code == 200, path
    for path in WRITING:
        answer = reader.ask(
            "POST",
            path,
            data={"token": reader.token, "id": "greet-hello"},
            headers={"x-form-token": reader.token},
        )
        assert answer.status_code == 403, path
    assert reader.phrase("greet-hello") is not None


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}],
)
def test_a_form_of_another_site_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    for path in WRITING:
        fields = {"token": desk.token, "id": "greet-hello"}
        answer = desk.ask("POST", path, data=fields, headers={"x-form-token": desk.token} | headers)
        assert answer.status_code == 403, path
    assert desk.phrase("greet-hello") is not None


def test_a_form_without_the_token_of_its_session_is_refused(desk: Desk) -> None:
    other = Desk(desk.running, ("dashboard", "phrases"))
    for path in WRITING:
        for token in ("", "x", other.token, "é"):
            headers = {"x-form-token": token} if token.isascii() else {}
            answer = desk.ask("POST", path, data={"token": token, "id": "greet-hello"}, headers=headers)
            assert answer.status_code == 403, (path, token)
    assert desk.phrase("greet-hello") is not None


def test_every_page_forbids_scripts_and_styles_of_others(desk: Desk) -> None:
    for path in READING:
        if "export" not in path:
            headers = desk.get(path).headers
            assert "default-src 'none'" in headers["content-security-policy"], path
            assert headers["cache-control"] == "no-store", path


# --- List ---


def test_the_list_shows_a_page_and_the_next_ones_bring_every_phrase_once(desk: Desk) -> None:
    seen: list[str] = []
    address = "/phrases"
    while address:
        page = desk.see(address)
        seen += [entry.attributes["id"] for entry in page.all("li", "phrase")]
        links = page.all("a", "more-button")
        address = links[0].attributes["href"] if links else ""
    assert len(seen) == len(set(seen)) == len(starter_bank())


def test_a_search_finds_by_meaning_by_code_and_by_words(desk: Desk) -> None:
    def found(query: str) -> list[str]:
        return [head.text for head in desk.see(f"/phrases?q={query}").one(id="results").all("h3")]

    assert found("在不在呀")[0] == "在的"
    assert found("/zd")[0] == "在的"
    assert "老顾客问候" in found("欢迎再次光临")
    assert found("哈哈哈哈") == []


def test_the_filters_narrow_the_list(desk: Desk) -> None:
    desk.post("/phrases/state", {"id": "greet-hello", "state": "draft"})
    desk.running.ask("POST", "/v1/phrases", json={"id": "mine", "text": "我的", "owner": "小林"})
    desk.running.ask("POST", "/v1/phrases", json={"id": "jd", "text": "京东", "platforms": ["jd"]})

    def titles(query: str) -> list[str]:
        return [head.text for head in desk.see(f"/phrases?{query}").one(id="results").all("h3")]

    assert titles("state=draft") == ["首句问候"]
    assert titles("owner=小林") == ["我的"]
    assert sorted(titles("category=%3D")) == ["京东", "我的"]
    assert titles("category=%3D&platform=kuaishou") == ["我的"]
    assert titles("state=nonsense") == []


def test_a_draft_is_found_by_its_words_though_the_machine_never_offers_it(desk: Desk) -> None:
    desk.running.ask(
        "POST", "/v1/phrases", json={"id": "d", "text": "螺蛳粉到货", "title": "粉", "state": "draft"}
    )
    assert desk.see("/phrases?q=螺蛳粉").one(id="results").all("h3")[0].text == "粉"


@pytest.mark.parametrize(
    "query", ["start=-1", "start=99999999999", "start=x", "start=5000", "q=%00", "q=%F0%9F", "category=x"]
)
def test_a_strange_address_is_answered_with_a_list(desk: Desk, query: str) -> None:
    assert desk.get(f"/phrases?{query}").status_code == 200


# --- One click ---


def test_a_phrase_is_retired_and_brought_back_with_one_click_each(desk: Desk) -> None:
    for state in ("retired", "approved"):
        answer = desk.post("/phrases/state", {"id": "greet-hello", "state": state}, **{"x-part": "1"})
        assert read(answer.text).one("li", "phrase").attributes["data-state"] == state
        phrase = desk.phrase("greet-hello")
        assert phrase is not None
        assert phrase["state"] == state


def test_a_state_that_is_none_is_refused_in_words(desk: Desk) -> None:
    answer = desk.post("/phrases/state", {"id": "greet-hello", "state": "x"})
    assert answer.status_code == 422
    assert "approved" in answer.text


def test_a_deleted_phrase_comes_back_just_as_it_was(desk: Desk) -> None:
    before = desk.phrase("greet-hello")
    answer = desk.post("/phrases/remove", {"id": "greet-hello"})
    assert desk.phrase("greet-hello") is None
    undo = desk.see(answer.headers["location"]).one("div", "flash").one("input", name="undo")
    desk.post("/phrases/restore", {"id": "greet-hello", "undo": undo.attributes["value"]})
    assert desk.phrase("greet-hello") == before


def test_what_is_not_there_is_told_so(desk: Desk) -> None:
    for path in ("/phrases/edit?id=none", "/phrases/history?id=none", "/phrases/edit"):
        assert desk.get(path).status_code == 404
    for path in ("/phrases/remove", "/phrases/state"):
        assert desk.post(path, {"id": "none", "state": "draft"}).status_code == 404
    assert desk.post("/phrases/restore", {"id": "greet-hello", "undo": "none"}).status_code == 404


# --- Form ---


def test_saving_an_untouched_form_changes_nothing(desk: Desk) -> None:
    for phrase_id in ("greet-hello", "greet-return"):
        before = desk.phrase(phrase_id)
        answer = desk.post("/phrases/save", desk.fields(f"/phrases/edit?id={phrase_id}"))
        assert answer.status_code == 303
        assert desk.phrase(phrase_id) == before
        assert not desk.see(f"/phrases/history?id={phrase_id}").all("li", "change")


def test_an_id_of_any_text_can_be_edited(desk: Desk) -> None:
    strange = "a/b?c=d&e#f%20 ｇ<h>"
    desk.running.ask("POST", "/v1/phrases", json={"id": strange, "text": "您好"})
    found = desk.see("/phrases?q=a/b?c=d%26e%23f").one(id="results").all("h3")
    link = next(head for head in found if head.text == "您好").one("a")
    fields = desk.fields(link.attributes["href"]) | {"title": ["新"]}
    answer = desk.post("/phrases/save", fields)
    assert (
        read(desk.get(answer.headers["location"]).text).one("input", name="title").attributes["value"] == "新"
    )


def test_a_new_phrase_gets_an_id_of_its_own_each_time(desk: Desk) -> None:
    fields = desk.fields("/phrases/new?text=您好&example=在吗") | {"category": ["新"]}
    places = {desk.post("/phrases/save", fields).headers["location"] for _ in range(2)}
    assert len(places) == 2
    for place in places:
        assert form_fields(desk.see(place))["examples"] == ["在吗"]


def test_an_error_of_the_linter_keeps_a_phrase_from_being_saved_and_says_why(desk: Desk) -> None:
    before = desk.phrase("greet-hello")
    fields = desk.fields("/phrases/edit?id=greet-hello") | {"text": ["我们全网第一"], "title": ["改过"]}
    answer = desk.post("/phrases/save", fields)
    assert answer.status_code == 422
    page = read(answer.text)
    assert "全网第一" in page.one(class_="problem").text
    assert form_fields(page)["text"] == ["我们全网第一"]
    assert form_fields(page)["title"] == ["改过"]
    assert desk.phrase("greet-hello") == before


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({"text": [" "]}, "text"),
        ({"order": ["第七"]}, "order"),
        ({"valid_from": ["2026-12-02"], "valid_until": ["2026-12-01"]}, "valid_until"),
        ({"variants": ["字" * 20_001]}, "variants"),
    ],
)
def test_a_column_that_cannot_be_is_named_and_all_that_was_typed_stays(
    desk: Desk, fields: dict[str, list[str]], column: str
) -> None:
    given = desk.fields("/phrases/edit?id=greet-hello") | fields | {"title": ["改过"]}
    answer = desk.post("/phrases/save", given)
    assert answer.status_code == 422
    page = read(answer.text)
    assert form_fields(page)["title"] == ["改过"]
    if column != "variants":
        assert page.one(id=f"fault-{column}")
    assert "还没有保存" in page.all(class_="problem")[0].text


def test_the_check_reads_the_form_and_stores_nothing(desk: Desk) -> None:
    fields = desk.fields("/phrases/edit?id=greet-hello") | {"text": ["{buyer}，全网第一"]}
    before = desk.phrase("greet-hello")
    page = read(desk.post("/phrases/check", fields).text)
    assert page.one(data_errors="1")
    assert "{buyer}" in page.one("table", "variables").text
    assert desk.phrase("greet-hello") == before


# --- Two editors ---


def test_of_two_editors_the_second_sees_what_the_first_did_and_loses_nothing(desk: Desk) -> None:
    first, second = desk, Desk(desk.running, ("dashboard", "phrases"), "小林")
    fields = second.fields("/phrases/edit?id=greet-hello")
    first.post("/phrases/save", fields | {"token": first.token, "text": ["甲的"], "title": ["甲题"]})
    answer = second.post("/phrases/save", fields | {"text": ["乙的"], "code": ["yi"], "token": second.token})
    assert answer.status_code == 409
    page = read(answer.text)
    assert "小周" in page.one("section", "clash").text
    shown = form_fields(page)
    assert (shown["text"], shown["title"], shown["code"]) == (["乙的"], ["甲题"], ["yi"])
    stands = desk.phrase("greet-hello")
    assert stands is not None
    assert stands["text"] == "甲的"
    assert second.post("/phrases/save", shown).status_code == 303
    stands = desk.phrase("greet-hello")
    assert stands is not None
    assert (stands["text"], stands["title"], stands["code"]) == ("乙的", "甲题", "yi")


def test_a_disagreement_can_be_settled_for_the_other(desk: Desk) -> None:
    fields = desk.fields("/phrases/edit?id=greet-hello")
    desk.post("/phrases/save", fields | {"text": ["甲的"]})
    shown = form_fields(read(desk.post("/phrases/save", fields | {"text": ["乙的"]}).text))
    settled = read(desk.post("/phrases/save", shown | {"take": "text"}).text)
    assert form_fields(settled)["text"] == ["甲的"]
    assert not settled.all(class_="dispute")


def test_what_was_deleted_meanwhile_can_be_saved_again_under_its_id(desk: Desk) -> None:
    fields = desk.fields("/phrases/edit?id=greet-hello") | {"title": ["还要"]}
    desk.post("/phrases/remove", {"id": "greet-hello"})
    answer = desk.post("/phrases/save", fields)
    assert answer.status_code == 409
    assert "小周删除了" in read(answer.text).one("section", "clash").text
    assert desk.post("/phrases/save", form_fields(read(answer.text))).status_code == 303
    stands = desk.phrase("greet-hello")
    assert stands is not None
    assert stands["title"] == "还要"


def test_a_form_cannot_overwrite_a_phrase_that_it_never_saw(desk: Desk) -> None:
    before = desk.phrase("greet-hello")
    assert before is not None
    fields = desk.fields("/phrases/edit?id=greet-hello") | {"text": ["占"], "gone": "1"}
    assert desk.post("/phrases/save", fields).status_code == 409
    fields["base"] = [json.dumps({"id": "greet-hello", "text": "猜的"})]
    fields.pop("gone")
    assert desk.post("/phrases/save", fields).status_code == 409
    assert desk.phrase("greet-hello") == before


# --- History ---


def test_the_history_says_who_and_why_and_leads_back(desk: Desk) -> None:
    before = desk.phrase("greet-hello")
    assert before is not None
    for title in ("一", "二"):
        fields = desk.fields("/phrases/edit?id=greet-hello") | {"title": [title], "why": [f"因{title}"]}
        desk.post("/phrases/save", fields)
    newest, oldest = desk.see("/phrases/history?id=greet-hello").all("li", "change")
    assert "小周" in newest.text
    assert "因二" in newest.text
    assert [part.one("bdi").text for part in newest.one("dd").all("div")] == ["一", "二"]
    back = {field.attributes["name"]: field.attributes["value"] for field in oldest.one("form").all("input")}
    assert desk.post("/phrases/restore", back).status_code == 303
    stands = desk.phrase("greet-hello")
    assert stands is not None
    assert stands["title"] == "一"
    assert len(desk.see("/phrases/history?id=greet-hello").all("li", "change")) == 3


def test_the_history_of_a_deleted_phrase_brings_it_back(desk: Desk) -> None:
    before = desk.phrase("greet-hello")
    desk.post("/phrases/remove", {"id": "greet-hello"})
    page = desk.see("/phrases/history?id=greet-hello")
    assert "已删除" in page.one(class_="crumbs").text
    form = page.one("li", "change").one("form")
    assert form.one("button").text == "找回这条话术"
    desk.post(
        "/phrases/restore",
        {field.attributes["name"]: field.attributes["value"] for field in form.all("input")},
    )
    assert desk.phrase("greet-hello") == before


def test_a_long_history_has_pages(desk: Desk) -> None:
    for number in range(60):
        desk.running.ask("PATCH", "/v1/phrases/greet-hello", json={"order": 100 + number})
    page = desk.see("/phrases/history?id=greet-hello")
    assert len(page.all("li", "change")) == 50
    older = desk.see(page.one("a", "more-button").attributes["href"])
    assert len(older.all("li", "change")) == 10


# --- Import and export ---


def test_a_look_at_a_file_stores_nothing_and_names_each_bad_row(desk: Desk) -> None:
    answer = desk.send(FILE.encode("gb18030"), name="旧话术.csv")
    page = read(answer["html"])
    assert [item.text for item in page.one("ul", "sums").all("li")] == [
        "1会新增",
        "0会改动",
        "0和库里一样",
        "2没有收",
        "0用语提醒",
    ]
    assert [row.one(class_="badge").text for row in page.one("ol", "bad-rows").all("li")] == [
        "第 3 行",
        "第 4 行",
    ]
    bad_rows = base64.b64decode(answer["bad_rows"]).decode("utf-8-sig").splitlines()
    assert bad_rows[1] == "第 3 行,内容,内容是空的,"
    assert bad_rows[2].startswith("第 4 行,内容,违规用语：")
    assert len(desk.running.ask("GET", "/v1/phrases").json()["phrases"]) == len(starter_bank())


def test_what_was_agreed_on_is_stored_and_stands_in_the_history(desk: Desk) -> None:
    plan = read(desk.send(FILE.encode())["html"]).one("button", "primary").attributes["data-plan"]
    page = read(desk.send(FILE.encode(), name="旧.csv", plan=plan)["html"])
    assert "已导入" in page.one("h2").text
    found = desk.see("/phrases?q=付款后两天内发出").one(id="results").all("h3")
    assert found[0].text == "何时"
    history = desk.see(found[0].one("a").attributes["href"].replace("edit", "history"))
    assert "导入 旧.csv" in history.one("li", "change").text


def test_what_was_not_agreed_on_is_not_stored(desk: Desk) -> None:
    plan = read(desk.send(FILE.encode())["html"]).one("button", "primary").attributes["data-plan"]
    desk.running.ask("POST", "/v1/phrases", json={"text": "付款后两天内发出", "category": "发货"})
    page = read(desk.send(FILE.encode(), plan=plan)["html"])
    assert "还没有存" in page.one(class_="problem").text
    assert page.one("button", "primary").attributes["data-plan"] != plan
    stored = [
        p for p in desk.running.ask("GET", "/v1/phrases").json()["phrases"] if p["text"] == "付款后两天内发出"
    ]
    assert [phrase["title"] for phrase in stored] == [""]


def test_unknown_columns_can_be_told_what_they_mean(desk: Desk) -> None:
    table = "应答语,说明\r\n今天就发,催\r\n".encode("gb18030")
    page = read(desk.send(table, name="x.csv")["html"])
    assert [select.attributes["data-header"] for select in page.all("select")] == ["应答语", "说明"]
    assert not page.all("button", "primary")
    page = read(desk.send(table, name="x.csv", column=["应答语=text", "说明=title"])["html"])
    assert page.one("button", "primary").text.split() == ["确认导入", "1", "条"]


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"PK\x03\x04broken", b'{"a":', b"\xd0\xcf\x11\xe0old"])
def test_a_file_that_is_none_is_told_so_and_nothing_changes(desk: Desk, content: bytes) -> None:
    page = read(desk.send(content, name="x.xlsx")["html"])
    assert page.one(class_="problem").text.strip()
    assert not page.all("button", "primary")


def test_a_file_that_is_too_large_is_refused(desk: Desk) -> None:
    content = b"x" * (desk.running.service.settings.max_body_bytes + 1)
    answer = desk.ask("POST", "/phrases/import", content=content, headers={"x-form-token": desk.token})
    assert answer.status_code == 413


def test_every_export_is_read_back_the_same(desk: Desk) -> None:
    for link in desk.see("/phrases/import").one("ul", "exports").all("a"):
        answer = desk.get(link.attributes["href"])
        assert "attachment" in answer.headers["content-disposition"]
        page = read(desk.send(answer.content, name="again")["html"])
        counts = [item.one(class_="num").text for item in page.one("ul", "sums").all("li")]
        assert counts[:4] == ["0", "0", str(len(starter_bank())), "0"], link.text


# --- Large banks ---


def test_ten_thousand_phrases_are_shown_a_page_at_a_time(desk: Desk) -> None:
    phrases = [
        Phrase.from_json(
            {"id": f"n{n:05}", "text": f"第{n}号商品的回复", "category": f"分组{n % 300}", "order": n}
        )
        for n in range(10_000)
    ]

    def fill(db: Any) -> None:
        change_phrases(db, "demo", Author("test", desk.running.clock()), saved=phrases)

    desk.running.service.writer.submit(fill).result(120)
    page = desk.see("/phrases")
    assert len(page.all("li", "phrase")) == 50
    assert len(desk.get("/phrases").content) < 400_000
    page = desk.see("/phrases?category=%3D分组7")
    assert "34 条" in page.one(class_="found").text.replace("\n", "")
    assert desk.see("/phrases?q=第9876号商品").all("h3")[0].text == "第9876号商品的回复"


# --- Care ---


def duplicates_of(desk: Desk) -> list[Element]:
    found = desk.see("/phrases/care?now=1").all("section", id="kind-duplicate")
    return found[0].all("li", "care-item") if found else []


def fields_of(form: Element) -> dict[str, str]:
    return {field.attributes["name"]: field.attributes["value"] for field in form.all("input")}


def dismissal(item: Element) -> dict[str, str]:
    return fields_of(next(form for form in item.all("form") if form.one("button").text == "不用处理"))


def test_a_finding_is_dealt_with_by_one_click_and_taken_back_by_another(desk: Desk) -> None:
    for phrase_id in ("one", "two"):
        phrase = {
            "id": phrase_id,
            "text": "螺蛳粉今天到货，欢迎选购",
            "examples": [f"螺蛳粉{phrase_id}"],
            "title": phrase_id,
        }
        desk.running.ask("POST", "/v1/phrases", json=phrase)
    assert desk.see("/phrases/care").one(id="care").attributes["aria-busy"] == "true"
    (item,) = desk.see("/phrases/care?now=1").one(id="kind-duplicate").all("li", "care-item")
    sent = fields_of(item.all("form")[0])
    done = read(desk.post("/phrases/care/act", sent, **{"x-part": "1"}).text).one("li", "dealt")
    kept = desk.phrase("one")
    assert kept is not None
    assert (kept["examples"], desk.phrase("two")) == (["螺蛳粉one", "螺蛳粉two"], None)
    assert "体检" in desk.see("/phrases/history?id=two").all("li", "change")[0].text
    sent = {"change": [field.attributes["value"] for field in done.all("input", name="change")]}
    assert len(sent["change"]) == 2
    assert desk.post("/phrases/care/undo", sent).status_code == 303
    for phrase_id in ("one", "two"):
        phrase = desk.phrase(phrase_id)
        assert phrase is not None
        assert phrase["examples"] == [f"螺蛳粉{phrase_id}"]
    again = desk.see("/phrases/care?now=1").one(id="kind-duplicate").all("li", "care-item")
    assert len(again) == 1


def test_a_finding_that_needs_nothing_is_left_out_until_one_of_its_phrases_is_changed(desk: Desk) -> None:
    for phrase_id in ("one", "two"):
        phrase = {"id": phrase_id, "text": "螺蛳粉今天到货，欢迎选购", "examples": [f"螺蛳粉{phrase_id}"]}
        desk.running.ask("POST", "/v1/phrases", json=phrase)
    (item,) = duplicates_of(desk)
    sent = dismissal(item)
    dealt = read(desk.post("/phrases/care/dismiss", sent, **{"x-part": "1"}).text).one("li", "dealt")
    assert duplicates_of(desk) == []
    assert desk.see("/phrases/care?now=1").one("form", "dismissed").one(class_="num").text == "1"
    assert desk.running.ask("GET", "/v1/phrases/care?kind=duplicate").json()["dismissed"] == 1

    desk.post("/phrases/care/restore", fields_of(dealt.one("form")), **{"x-part": "1"})
    (item,) = duplicates_of(desk)
    desk.post("/phrases/care/dismiss", dismissal(item))
    assert duplicates_of(desk) == []
    desk.running.ask("PATCH", "/v1/phrases/two", json={"examples": ["粉"]})
    (item,) = duplicates_of(desk)

    desk.post("/phrases/care/dismiss", dismissal(item))
    assert desk.post("/phrases/care/restore", {}).status_code == 303
    assert len(duplicates_of(desk)) == 1


@pytest.mark.parametrize("spoilt", [{"finding": "one"}, {"state": ""}, {"finding": "", "state": "\0"}])
def test_a_dismissal_that_names_no_finding_is_not_kept(desk: Desk, spoilt: dict[str, str]) -> None:
    whole = {"finding": "c-0123456789abcdef", "state": "0123456789abcdef"}
    assert desk.post("/phrases/care/dismiss", {**whole, **spoilt}).status_code == 422
    assert desk.post("/phrases/care/dismiss", whole).status_code == 303


def ask_in_vain(running: Running, times: int, reply: str = "") -> None:
    for number in range(times):
        running.clock.forward(60)
        place = {"session": f"s{number}", "buyer": f"b{number}"}
        running.post(running.message(f"m{number}", "灯能挂墙上吗", **place))
        if reply:
            running.post(running.reply(f"r{number}", reply, **place))


def test_what_buyers_ask_in_vain_is_drafted_with_one_click_from_what_agents_said(desk: Desk) -> None:
    ask_in_vain(desk.running, 6, "亲，背面有挂孔，可以挂墙。")
    (item,) = desk.see("/phrases/care?now=1").one(id="kind-unanswered").all("li", "care-item")
    assert "6 次" in item.one(class_="times").text
    form = next(form for form in item.all("form") if form.one("button").text == "起草一条话术")
    done = read(desk.post("/phrases/care/act", fields_of(form), **{"x-part": "1"}).text)
    fields = desk.fields(done.one("li", "dealt").one("a").attributes["href"])
    assert (fields["state"], fields["text"]) == (["draft"], ["亲，背面有挂孔，可以挂墙。"])
    assert fields["examples"] == ["灯能挂墙上吗"]


def test_what_nobody_has_answered_yet_leads_to_a_form_with_the_questions_in_it(desk: Desk) -> None:
    ask_in_vain(desk.running, 6)
    (item,) = desk.see("/phrases/care?now=1").one(id="kind-unanswered").all("li", "care-item")
    link = next(link for link in item.all("a") if link.text == "写一条话术")
    fields = desk.fields(link.attributes["href"])
    assert (fields["examples"], fields["text"]) == (["灯能挂墙上吗"], [""])


def test_a_click_on_a_finding_that_is_out_of_date_changes_nothing(desk: Desk) -> None:
    for phrase_id in ("one", "two"):
        desk.running.ask(
            "POST", "/v1/phrases", json={"id": phrase_id, "text": "螺蛳粉今天到货", "title": phrase_id}
        )
    (item,) = desk.see("/phrases/care?now=1").one(id="kind-duplicate").all("li", "care-item")
    sent = {field.attributes["name"]: field.attributes["value"] for field in item.all("form")[0].all("input")}
    desk.running.ask("PATCH", "/v1/phrases/two", json={"text": "别的内容"})
    answer = desk.post("/phrases/care/act", sent, **{"x-part": "1"})
    assert answer.status_code == 409
    assert "重新检查" in answer.text
    assert desk.phrase("two") is not None


@pytest.mark.parametrize("action", ["", "{", "[]", '{"do":"x"}', '{"do":"retire","ids":[]}'])
def test_an_action_that_is_none_is_refused_in_words(desk: Desk, action: str) -> None:
    answer = desk.post("/phrases/care/act", {"action": action})
    assert answer.status_code == 422
    assert "刷新页面" in answer.text
