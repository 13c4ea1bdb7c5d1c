"""Signing in: who gets in, who does not and is told nothing, and what the cookie and the forms guard against."""

from __future__ import annotations

from typing import Any

import pytest
from conftest_service import Running
from people import OUR_PAGE, PASSWORD, come_in, hire, second_shop, send, shown_once, token
from sqlmodel import select

from app.db.tables import ApiKeyRow, AuditRow, MemberRow, ShopRow, WebSessionRow
from app.usecases.administration import add_key
from app.usecases.members import disable_member, invite, reset_link
from app.usecases.password_hashes import hash_password, is_password
from app.web.auth import COOKIE

FIRST_RUN = {
    "code": "abcd-efgh-jklm",
    "shop_name": "暖木生活馆",
    "shop_id": "nuanmu",
    "platform": "douyin",
    "name": "王老板",
    "login": "laoban",
    "password": PASSWORD,
    "again": PASSWORD,
}


def acts(running: Running, shop_id: str = "demo") -> list[tuple[str, str, str]]:
    with running.db() as db:
        return [
            (row.act, row.actor, row.target)
            for row in db.exec(select(AuditRow).where(AuditRow.shop_id == shop_id))
        ]


def empty_house(running: Running, code: str = "ABCD-EFGH-JKLM") -> None:
    """Take the shop out again that every test begins with."""

    def clear(db: Any) -> None:
        from sqlmodel import SQLModel

        for table in reversed(SQLModel.metadata.sorted_tables):
            db.execute(table.delete())

    running.service.writer.submit(clear).result(20)
    running.service.setup_code = code


def first_run(running: Running, **fields: str) -> Any:
    return running.client.post("/first-run", data=FIRST_RUN | fields, headers=OUR_PAGE)


def test_a_member_comes_in_by_login_and_password(running: Running) -> None:
    hire(running, "lin", "agent", name="小林")
    page = come_in(running, " ＬＩＮ ")
    assert page.status_code == 200
    assert "小林" in page.text
    assert ("signed_in", "小林", "lin") in acts(running)
    with running.db() as db:
        assert db.exec(select(MemberRow)).one().last_sign_in_at == running.clock()


def test_a_password_is_one_code_point_after_the_other_and_nothing_less() -> None:
    known = hash_password("密码 with ünïcode \ud800")
    assert is_password("密码 with ünïcode \ud800", known)
    assert not is_password("密码 with ünïcode", known)
    assert not is_password("", None)
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


def test_an_unknown_login_and_a_wrong_password_are_answered_alike(on_sqlite: Running) -> None:
    hire(on_sqlite, "lin", "agent")
    wrong, unknown = come_in(on_sqlite, "lin", "wrong"), come_in(on_sqlite, "mei", "wrong")
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace('value="lin"', "") == unknown.text.replace('value="mei"', "")
    assert COOKIE not in on_sqlite.client.cookies


def test_too_many_wrong_tries_are_stopped_alike_for_known_and_unknown_logins(on_sqlite: Running) -> None:
    hire(on_sqlite, "lin", "agent", name="小林")
    for login in ("lin", "mei"):
        answers = [come_in(on_sqlite, login, "wrong") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [403] * 5 + [429] * 2
        assert answers[-1].headers["retry-after"] == "60"
        assert "输错太多次" in answers[-1].text
    assert come_in(on_sqlite, "lin").status_code == 429
    assert acts(on_sqlite).count(("sign_in_stopped", "小林", "lin")) == 1
    on_sqlite.clock.forward(60)
    assert come_in(on_sqlite, "lin").status_code == 200


def test_somebody_who_is_disabled_learns_so_only_with_the_right_password(on_sqlite: Running) -> None:
    member_id = hire(on_sqlite, "lin", "agent")
    on_sqlite.service.writer.submit(
        lambda db: disable_member(db, "demo", member_id, by="王", now=on_sqlite.clock())
    ).result(20)
    assert "登录名或密码不对" in come_in(on_sqlite, "lin", "wrong").text
    answer = come_in(on_sqlite, "lin")
    assert answer.status_code == 403
    assert "已停用" in answer.text


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/first-run", "/join/demo.x", "/settings/password"]
)
@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_a_form_of_another_site_is_refused(on_sqlite: Running, path: str, headers: dict[str, str]) -> None:
    hire(on_sqlite, "lin", "agent")
    come_in(on_sqlite, "lin")
    form = {"token": token(on_sqlite), "login": "lin", "password": PASSWORD}
    answer = on_sqlite.client.post(path, data=form, headers=headers)
    assert answer.status_code == 403
    assert "来源不对" in answer.text


def test_the_cookie_is_new_at_each_sign_in_and_the_old_one_is_worth_nothing(on_sqlite: Running) -> None:
    hire(on_sqlite, "lin", "agent")
    hire(on_sqlite, "mei", "owner")
    client = on_sqlite.client
    come_in(on_sqlite, "lin")
    old = client.cookies[COOKIE]
    answer = client.post(
        "/sign-in", data={"login": "mei", "password": PASSWORD}, headers=OUR_PAGE, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    new = client.cookies[COOKIE]
    assert new != old
    with on_sqlite.db() as db:
        assert len(db.exec(select(WebSessionRow)).all()) == 1
    client.cookies.clear()
    client.cookies.set(COOKIE, old)
    assert client.get("/live/waiting").status_code == 401


def test_over_https_the_cookie_is_sent_over_https_only(on_sqlite: Running) -> None:
    hire(on_sqlite, "lin", "agent")
    answer = on_sqlite.client.post(
        "https://testserver/sign-in",
        data={"login": "lin", "password": PASSWORD},
        headers=OUR_PAGE,
        follow_redirects=False,
    )
    assert "secure" in answer.headers["set-cookie"].lower()


def test_a_link_from_the_command_line_gives_each_browser_a_session_of_its_own(on_sqlite: Running) -> None:
    client = on_sqlite.client
    client.post("/sign-in", data={"key": on_sqlite.key})
    link = client.cookies[COOKIE]
    client.cookies.clear()
    assert client.get(f"/sign-in/{link}").status_code == 200
    assert client.cookies[COOKIE] != link


def test_a_key_without_the_scope_of_the_dashboard_does_not_sign_in(on_sqlite: Running) -> None:
    key = on_sqlite.service.writer.submit(
        lambda db: add_key(db, "demo", on_sqlite.clock(), scopes=["events"])
    ).result(20)
    answer = on_sqlite.client.post("/sign-in", data={"key": key})
    assert answer.status_code == 403
    assert "没有看板权限" in answer.text


def test_a_session_that_is_used_goes_on(on_sqlite: Running) -> None:
    hire(on_sqlite, "lin", "agent")
    come_in(on_sqlite, "lin")
    for _ in range(4):
        on_sqlite.clock.forward(6 * 24 * 3600)
        assert on_sqlite.client.get("/live/waiting").status_code == 200
    on_sqlite.clock.forward(8 * 24 * 3600)
    assert on_sqlite.client.get("/live/waiting").status_code == 401


def test_a_changed_password_needs_the_old_one_and_signs_out_elsewhere(on_sqlite: Running) -> None:
    hire(on_sqlite, "lin", "agent")
    come_in(on_sqlite, "lin")
    elsewhere = on_sqlite.client.cookies[COOKIE]
    come_in(on_sqlite, "lin")
    new = "完全不同的一句新密码"
    for fields, said in (
        ({"current": "wrong", "password": new, "again": new}, "现在的密码不对"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "至少 10"),
        ({"current": PASSWORD, "password": new, "again": new + "x"}, "两次输入的不一样"),
    ):
        page = send(on_sqlite, "/settings/password", **fields)
        assert page.status_code == 422
        assert said in page.text
        assert new not in page.text
    page = send(on_sqlite, "/settings/password", current=PASSWORD, password=new, again=new)
    assert "密码改好了" in page.text
    on_sqlite.client.cookies.clear()
    on_sqlite.client.cookies.set(COOKIE, elsewhere)
    assert on_sqlite.client.get("/live/waiting").status_code == 401
    assert come_in(on_sqlite, "lin").status_code == 403
    assert come_in(on_sqlite, "lin", new).status_code == 200


def test_sessions_are_listed_and_ended(on_sqlite: Running) -> None:
    hire(on_sqlite, "lin", "agent")
    come_in(on_sqlite, "lin")
    other = on_sqlite.client.cookies[COOKIE]
    come_in(on_sqlite, "lin")
    assert on_sqlite.client.get("/settings").text.count("登录，最近用在") == 2
    assert "已退出" in send(on_sqlite, "/settings/sessions/end-others").text
    assert on_sqlite.client.get("/settings").text.count("登录，最近用在") == 1
    on_sqlite.client.cookies.clear()
    on_sqlite.client.cookies.set(COOKIE, other)
    assert on_sqlite.client.get("/live/waiting").status_code == 401


def test_a_member_of_two_shops_moves_between_them_and_to_no_other(on_sqlite: Running) -> None:
    second_shop(on_sqlite)
    second_shop(on_sqlite, "third", "第三家")
    hire(on_sqlite, "lin", "owner")
    hire(on_sqlite, "lin", "agent", "other")
    come_in(on_sqlite, "lin")
    assert send(on_sqlite, "/settings/switch", shop="third").status_code == 404
    page = send(on_sqlite, "/settings/switch", shop="other")
    assert "别家" in page.text
    assert on_sqlite.client.get("/settings/members").status_code == 403
    assert "别家" in come_in(on_sqlite, "lin").text


def test_an_invited_person_sets_a_password_and_what_is_wrong_costs_no_link(running: Running) -> None:
    hire(running, "wang", "owner")
    come_in(running, "wang")
    link = shown_once(send(running, "/settings/members/invite", login="Mei", role="supervisor"))
    path = link.removeprefix("http://testserver")
    running.client.cookies.clear()
    assert "你来当主管" in running.client.get(path).text
    for fields, said in (
        ({"name": "", "password": PASSWORD, "again": PASSWORD}, "请写姓名"),
        ({"name": "梅", "password": "mei", "again": "mei"}, "至少 10"),
        ({"name": "梅", "password": PASSWORD, "again": ""}, "不一样"),
    ):
        page = running.client.post(path, data=fields, headers=OUR_PAGE)
        assert page.status_code == 422
        assert said in page.text
        assert PASSWORD not in page.text
    fields = {"name": "梅主管", "password": PASSWORD, "again": PASSWORD}
    assert "梅主管" in running.client.post(path, data=fields, headers=OUR_PAGE).text
    assert running.client.get("/settings").status_code == 200
    assert running.client.post(path, data=fields, headers=OUR_PAGE).status_code == 404
    assert come_in(running, "mei").status_code == 200


def test_a_known_login_joins_with_its_own_password_only(on_sqlite: Running) -> None:
    second_shop(on_sqlite)
    hire(on_sqlite, "lin", "agent")
    link = on_sqlite.service.writer.submit(
        lambda db: invite(db, "other", login="lin", role="owner", by="别家", now=on_sqlite.clock())
    ).result(20)
    path = f"/join/{link}"
    page = on_sqlite.client.post(
        path,
        data={"name": "冒名", "password": "冒名者自己的密码啊", "again": "冒名者自己的密码啊"},
        headers=OUR_PAGE,
    )
    assert page.status_code == 403
    page = on_sqlite.client.post(path, data={"password": PASSWORD}, headers=OUR_PAGE)
    assert page.status_code == 200
    assert "别家" in page.text


def test_a_forgotten_password_is_set_anew_by_a_link(on_sqlite: Running) -> None:
    member_id = hire(on_sqlite, "lin", "agent")
    link = on_sqlite.service.writer.submit(
        lambda db: reset_link(db, "demo", member_id, by="王", now=on_sqlite.clock())
    ).result(20)
    new = "完全不同的一句新密码"
    page = on_sqlite.client.post(f"/join/{link}", data={"password": new, "again": new}, headers=OUR_PAGE)
    assert page.status_code == 200
    assert come_in(on_sqlite, "lin").status_code == 403
    assert come_in(on_sqlite, "lin", new).status_code == 200


@pytest.mark.parametrize("token_", ["demo.wrong", "wrong", "nowhere.x", "x" * 500, "%00", "demo."])
def test_a_link_that_is_none_is_404(on_sqlite: Running, token_: str) -> None:
    assert on_sqlite.client.get(f"/join/{token_}").status_code == 404
    assert on_sqlite.client.post(f"/join/{token_}", headers=OUR_PAGE).status_code == 404


def test_a_fresh_house_leads_to_the_first_run_and_an_owner(running: Running) -> None:
    empty_house(running)
    for path in ("/", "/sign-in", "/settings"):
        assert str(running.client.get(path).url).endswith("/first-run")
    page = first_run(running)
    assert str(page.url).endswith("/settings/start")
    assert "王老板" in page.text
    assert running.client.get("/settings/members").status_code == 200
    with running.db() as db:
        assert db.exec(select(ShopRow)).one().platform == "douyin"
    assert [act for act, _, _ in acts(running, "nuanmu")].count("shop_made") == 1
    assert running.service.setup_code == ""
    running.client.cookies.clear()
    assert first_run(running).status_code == 409
    assert str(running.client.get("/first-run").url).endswith("/sign-in")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"code": "WRONG"}, "设置码不对"),
        ({"code": ""}, "设置码不对"),
        ({"shop_name": " "}, "请写店名"),
        ({"shop_id": "Not An Id"}, "店铺 id 只能用"),
        ({"platform": "nowhere"}, "没有平台"),
        ({"name": ""}, "请写姓名"),
        ({"login": "有 空格"}, "登录名 2 到 64"),
        ({"password": "laoban2026", "again": "laoban2026"}, "登录名、姓名或店名"),
        ({"again": "x"}, "不一样"),
    ],
)
def test_what_is_wrong_in_the_first_run_makes_nothing_and_loses_nothing(
    on_sqlite: Running, fields: dict[str, str], said: str
) -> None:
    empty_house(on_sqlite)
    page = first_run(on_sqlite, **fields)
    assert page.status_code == 422
    assert said in page.text
    assert 'value="暖木生活馆"' in page.text or "shop_name" in fields
    with on_sqlite.db() as db:
        assert db.exec(select(ShopRow)).all() == []
        assert db.exec(select(MemberRow)).all() == []
    assert first_run(on_sqlite).status_code == 200


def test_without_a_code_in_the_terminal_nobody_takes_the_house(on_sqlite: Running) -> None:
    empty_house(on_sqlite, code="")
    assert "miaohui serve" in on_sqlite.client.get("/first-run").text
    for code in ("", "-", "abcd-efgh-jklm"):
        assert first_run(on_sqlite, code=code).status_code == 422


def test_codes_cannot_be_tried_at_will(on_sqlite: Running) -> None:
    empty_house(on_sqlite)
    answers = [first_run(on_sqlite, code=f"WRONG-{number}").status_code for number in range(8)]
    assert answers == [422] * 5 + [429] * 3
    assert first_run(on_sqlite).status_code == 429
    on_sqlite.clock.forward(60)
    assert first_run(on_sqlite).status_code == 200


def test_a_house_with_a_shop_but_no_member_is_no_fresh_one(on_sqlite: Running) -> None:
    with on_sqlite.db() as db:
        assert db.exec(select(ApiKeyRow)).all()
    assert str(on_sqlite.client.get("/").url).endswith("/sign-in")
    on_sqlite.service.setup_code = "ABCD-EFGH-JKLM"
    assert first_run(on_sqlite).status_code == 409
