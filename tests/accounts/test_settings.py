"""The settings, as a browser without a script uses them: what is changed, what is refused, what is never shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from conftest_service import Running
from people import come_in, hire, send, shown_once
from sqlmodel import select

from app.core.roles import SCOPES
from app.db.tables import AuditRow, ConsoleRow, MeasureStandingRow, ShopRow
from app.usecases.administration import list_keys, principal_of_key, signing_secrets
from app.usecases.audit import AuditAct
from app.web.settings_pages import ACT_WORDS, SCOPE_NAMES


@pytest.fixture
def owner(on_sqlite: Running) -> Running:
    """The owner 王老板 is signed in."""
    hire(on_sqlite, "wang", "owner", name="王老板")
    come_in(on_sqlite, "wang")
    return on_sqlite


def noted(running: Running) -> list[tuple[str, str, str]]:
    with running.db() as db:
        return [(row.act, row.actor, row.target) for row in db.exec(select(AuditRow))]


def test_every_act_and_every_scope_has_words() -> None:
    assert set(ACT_WORDS) == {act.value for act in AuditAct}
    assert set(SCOPE_NAMES) == set(SCOPES)


def test_the_shop_gets_another_name_platform_and_callback(owner: Running) -> None:
    owner.post(owner.message("m1"))
    with owner.db() as db:
        before = db.exec(select(MeasureStandingRow.fingerprint)).one()
    page = send(
        owner,
        "/settings/shop/save",
        shop_name="  新  店名 ",
        platform="douyin",
        callback_url="https://console.example/hook",
    )
    secret = shown_once(page)
    assert secret.startswith("whsec_")
    with owner.db() as db:
        shop = db.exec(select(ShopRow)).one()
        assert (shop.name, shop.platform, shop.callback_secret) == ("新 店名", "douyin", secret)
        assert db.exec(select(MeasureStandingRow.fingerprint)).one() != before
    assert secret not in owner.client.get("/settings/shop").text
    page = send(owner, "/settings/shop/save", shop_name="新 店名", platform="douyin", callback_url="")
    assert "已保存" in page.text
    with owner.db() as db:
        assert db.exec(select(ShopRow)).one().callback_url is None
    assert noted(owner).count(("shop_changed", "王老板", "新 店名")) == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"shop_name": ""}, "请写店名"),
        ({"platform": "nowhere"}, "没有平台"),
        ({"callback_url": "ftp://x"}, "回调地址必须是"),
        ({"callback_url": "https://买家.example"}, "ASCII"),
    ],
)
def test_what_is_wrong_with_the_shop_is_said_and_nothing_typed_is_lost(
    owner: Running, fields: dict[str, str], said: str
) -> None:
    typed = {"shop_name": "打了一半", "platform": "douyin", "callback_url": "https://typed.example"} | fields
    page = send(owner, "/settings/shop/save", **typed)
    assert page.status_code == 422
    assert said in page.text
    assert all(f'value="{value}"' in page.text for value in typed.values() if value and value != "nowhere")
    with owner.db() as db:
        assert db.exec(select(ShopRow)).one().name == "演示店"


def test_signing_secrets_are_shown_once_and_the_last_stays(owner: Running) -> None:
    secret = shown_once(send(owner, "/settings/shop/secrets/add"))
    body = json.dumps([owner.message("m1")]).encode()
    headers = owner.sign(body, "d-1", secret=secret)
    assert owner.client.post("/v1/events", content=body, headers=headers).status_code == 200
    assert secret not in owner.client.get("/settings/shop").text
    with owner.db() as db:
        assert len(signing_secrets(db, "demo")) == 2
    ids = [target for act, _, target in noted(owner) if act == "secret_added"]
    pages = [send(owner, "/settings/shop/secrets/retire", id=id_) for id_ in ids]
    assert [page.status_code for page in pages] == [200, 422]
    assert "最后一个有效" in pages[1].text


def test_the_secret_of_callbacks_is_renewed_only_where_there_is_a_callback(owner: Running) -> None:
    assert "还没有回调地址" in send(owner, "/settings/shop/callback-secret").text
    first = shown_once(
        send(
            owner,
            "/settings/shop/save",
            shop_name="店",
            platform="kuaishou",
            callback_url="https://x.example",
        )
    )
    second = shown_once(send(owner, "/settings/shop/callback-secret"))
    with owner.db() as db:
        assert db.exec(select(ShopRow)).one().callback_secret == second != first


def test_a_key_is_made_with_its_scopes_and_revoked(owner: Running) -> None:
    for fields, said in (
        ({"label": "", "scopes": ["read"]}, "请写给谁用"),
        ({"label": "脚本", "scopes": []}, "至少勾一项"),
        ({"label": "脚本", "scopes": ["root"]}, "没有权限 root"),
    ):
        page = send(owner, "/settings/keys/add", **fields)
        assert page.status_code == 422
        assert said in page.text
    key = shown_once(send(owner, "/settings/keys/add", label="脚本", scopes=["read", "lint"]))
    with owner.db() as db:
        principal = principal_of_key(db, key)
        assert principal is not None
        assert (principal.label, principal.scopes) == ("脚本", {"read", "lint"})
    assert key not in owner.client.get("/settings/keys").text
    page = send(owner, "/settings/keys/revoke", id=principal.key_id)
    assert "已停用" in page.text
    with owner.db() as db:
        assert principal_of_key(db, key) is None
    assert ("key_revoked", "王老板", "脚本") in noted(owner)


def test_an_extension_is_paired_from_the_page(owner: Running) -> None:
    page = send(owner, "/settings/keys/pair", agent="", agent_name="小林")
    assert page.status_code == 422
    assert 'value="小林"' in page.text
    code = shown_once(send(owner, "/settings/keys/pair", agent="lin-01", agent_name="小林"))
    packed = code.removeprefix("mhp1.")
    record = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    assert (record["server"], record["shop"]) == ("http://testserver", "demo")
    assert record["agent"] == {"id": "lin-01", "name": "小林"}
    assert ("key_added", "王老板", "小林") in noted(owner)


def test_members_are_given_roles_disabled_and_let_in_again(owner: Running) -> None:
    member_id = hire(owner, "lin", "agent", name="小林")
    assert "角色改好了" in send(owner, "/settings/members/role", id=member_id, role="supervisor").text
    assert "已停用" in send(owner, "/settings/members/disable", id=member_id).text
    assert "已恢复" in send(owner, "/settings/members/enable", id=member_id).text
    assert send(owner, "/settings/members/role", id=member_id, role="boss").status_code == 422
    assert send(owner, "/settings/members/disable", id="nobody").status_code == 422
    done = sorted(act for act, actor, target in noted(owner) if (actor, target) == ("王老板", "lin"))
    assert done == ["member_disabled", "member_enabled", "role_changed"]


def test_the_last_owner_cannot_go(owner: Running) -> None:
    with owner.db() as db:
        wang = db.exec(select(AuditRow.target).where(AuditRow.act == "member_joined")).one()
    assert wang == "wang"
    page = owner.client.get("/settings/members").text
    member_id = page.split('name="id" value="')[1].split('"')[0]
    for path, fields in (("role", {"role": "agent"}), ("disable", {})):
        answer = send(owner, f"/settings/members/{path}", id=member_id, **fields)
        assert answer.status_code == 422
        assert "最后一位店主" in answer.text


def test_an_invitation_keeps_what_was_typed_and_can_be_withdrawn(owner: Running) -> None:
    page = send(owner, "/settings/members/invite", login="有 空格", name="小梅", role="supervisor")
    assert page.status_code == 422
    assert 'value="有 空格"' in page.text
    assert 'value="supervisor" selected' in page.text
    link = shown_once(send(owner, "/settings/members/invite", login="mei", name="小梅", role="agent"))
    path = link.removeprefix("http://testserver")
    assert owner.client.get(path).status_code == 200
    page_of_members = owner.client.get("/settings/members").text
    assert link not in page_of_members
    link_id = page_of_members.split('id="withdraw-1"')[1].split('name="id" value="')[1].split('"')[0]
    send(owner, "/settings/members/withdraw", id=link_id)
    assert owner.client.get(path).status_code == 404


def test_invitations_bear_the_address_that_the_operator_set(owner: Running) -> None:
    owner.service.settings.public_url = "https://miaohui.example/"
    link = shown_once(send(owner, "/settings/members/invite", login="mei", role="agent"))
    assert link.startswith("https://miaohui.example/join/demo.")


def test_a_console_is_set_up_checked_and_removed(owner: Running) -> None:
    settings = {"set-account": "3", "set-secret": "canary-secret", "console": "chatwoot"}
    assert "已保存" in send(owner, "/settings/consoles/save", **settings).text
    # An empty field keeps a secret, and takes another setting away.
    send(owner, "/settings/consoles/save", **(settings | {"set-account": "4", "set-secret": ""}))
    with owner.db() as db:
        assert db.exec(select(ConsoleRow)).one().settings == {"account": "4", "secret": "canary-secret"}
    send(
        owner,
        "/settings/consoles/save",
        **(settings | {"set-account": "4", "set-secret": "", "drop": "secret"}),
    )
    with owner.db() as db:
        assert db.exec(select(ConsoleRow)).one().settings == {"account": "4"}
    page = send(
        owner, "/settings/consoles/save", console="chatwoot", **{"set-account": "x", "set-token": "typed"}
    )
    assert page.status_code == 422
    assert 'id="fault-account"' in page.text
    assert 'value="typed"' in page.text
    assert "已删除" not in page.text
    for path in ("save", "check", "remove"):
        assert send(owner, f"/settings/consoles/{path}", console="nowhere").status_code == 404
    assert "都删除了" in send(owner, "/settings/consoles/remove", console="chatwoot").text
    detail = [row.detail for row in audit(owner) if row.act == "console_set"]
    assert "canary-secret" not in json.dumps(detail)


def audit(running: Running) -> list[AuditRow]:
    with running.db() as db:
        return list(db.exec(select(AuditRow)))


def test_a_captured_request_is_checked_and_nothing_is_written(owner: Running) -> None:
    send(
        owner,
        "/settings/consoles/save",
        **{"console": "chatwoot", "set-account": "3", "set-secret": "s3cret"},
    )
    stamp = int(owner.clock().timestamp())
    body = '{"event": "x",\n "n": 1}'
    good = hmac.new(b"s3cret", f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    for signature, said in (("00", "签名不对"), (good, "签名正确")):
        headers = f"X-Chatwoot-Signature: sha256={signature}\r\nX-Chatwoot-Timestamp: {stamp}"
        captured = {"headers": headers, "body": body.replace("\n", "\r\n"), "query": ""}
        page = send(owner, "/settings/consoles/check", console="chatwoot", **captured)
        assert page.status_code == 200
        assert said in page.text
        assert f"sha256={signature}" in page.text
    assert owner.ask("GET", "/v1/sessions").json()["sessions"] == []


def test_who_did_what_is_told_filtered_and_downloaded(owner: Running) -> None:
    owner.ask("PATCH", "/v1/policy", json={"changes": {"robot_on": False}})
    owner.ask("PATCH", "/v1/policy", json={"changes": {"robot_on": True, "learn": "off"}})
    send(owner, "/settings/keys/add", label="=cmd()", scopes=["read"])
    kinds = [act for act, _, _ in noted(owner)]
    assert {"robot_silenced", "robot_released", "policy_changed", "key_added", "signed_in"} <= set(kinds)
    page = owner.client.get("/settings/audit", params={"act": "key_added"}).text
    assert "=cmd()" in page
    assert '<span class="badge plain">登录</span>' not in page
    answer = owner.client.get("/settings/audit.csv", params={"actor": "王老板"})
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "时间,做了什么,谁,对象,详情"
    assert all("王老板" in line for line in lines[1:])
    assert not any(",=cmd" in line for line in lines)


def test_the_audit_is_paged(owner: Running) -> None:
    for _ in range(60):
        owner.clock.forward(1)
        send(owner, "/settings/shop/secrets/add")
    page = owner.client.get("/settings/audit").text
    assert page.count('class="audit-entry"') == 50
    older = page.split('class="more-button" href="')[1].split('"')[0].replace("&amp;", "&")
    rest = owner.client.get(older).text
    assert 0 < rest.count('class="audit-entry"') < 50
    assert "建店" in rest.split("</form>")[-1]


def test_somebody_who_signed_in_with_a_key_has_no_password_to_change(on_sqlite: Running) -> None:
    on_sqlite.client.post("/sign-in", data={"key": on_sqlite.key})
    page = on_sqlite.client.get("/settings").text
    assert "用 API 密钥登录" in page
    assert "改密码" not in page
    assert send(on_sqlite, "/settings/password", current="x").status_code == 403
    with on_sqlite.db() as db:
        assert len(list_keys(db, "demo")) == 1


def test_an_agent_proposes_a_phrase_that_waits_for_approval(on_sqlite: Running) -> None:
    hire(on_sqlite, "lin", "agent", name="小林")
    come_in(on_sqlite, "lin")
    page = on_sqlite.client.get("/phrases").text
    assert "提一条话术" in page
    assert "新话术" not in page
    refused = send(on_sqlite, "/phrases/propose", text="亲，加微信 abc12345 给您返现", examples="能返现吗")
    assert refused.status_code == 422
    assert "加微信 abc12345" in refused.text
    assert send(on_sqlite, "/phrases/propose", text=" ").status_code == 422
    words = {
        "text": "亲，赠品和主单一起发出",
        "examples": "赠品什么时候发\n赠品一起发吗",
        "state": "approved",
        "id": "mine",
    }
    assert "已交给主管" in send(on_sqlite, "/phrases/propose", **words).text
    phrases = on_sqlite.ask("GET", "/v1/phrases").json()["phrases"]
    (proposed,) = [phrase for phrase in phrases if phrase["text"] == words["text"]]
    assert proposed["state"] == "draft"
    assert proposed["id"] != "mine"
    assert proposed["examples"] == ["赠品什么时候发", "赠品一起发吗"]
    assert send(on_sqlite, "/phrases/state", id=proposed["id"], state="approved").status_code == 403
