"""Members, their links and sessions on a real database of either kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest_service import Running
from people import HASH, hire, put_member, second_shop
from sqlmodel import select

from app.core.roles import Role
from app.db.tables import AuditRow, MemberLinkRow, MemberRow, WebSessionRow
from app.usecases.administration import AdministrationError
from app.usecases.audit import AuditAct, note, read_audit, whole_audit
from app.usecases.members import (
    LINK_LASTS,
    change_role,
    disable_member,
    enable_member,
    invite,
    join_as_known,
    join_as_new,
    list_links,
    list_members,
    read_link,
    reset_link,
    reset_password,
    set_password,
    shops_of,
    withdraw_link,
)
from app.usecases.sign_in import principal_for
from app.usecases.web_sessions import (
    AT_MOST,
    IDLE_FOR,
    Visitor,
    end_session,
    find_web_session,
    move_to_shop,
    note_use,
    open_web_session,
    principal_of_web_session,
    sessions_of,
)


def do(running: Running, unit: Callable[[Any], Any]) -> Any:
    return running.service.writer.submit(unit).result(20)


def signed_in(running: Running, member_id: str, shop_id: str = "demo") -> str:
    def enter(db: Any) -> str:
        principal = principal_for(db, member_id, shop_id)
        assert principal is not None
        return open_web_session(db, principal, running.clock(), Visitor("192.0.2.1", "Firefox"))

    token: str = do(running, enter)
    return token


def here(running: Running, token: str) -> Any:
    return do(running, lambda db: principal_of_web_session(db, token, running.clock()))


def test_an_invitation_is_taken_up_once_and_gives_the_role(running: Running) -> None:
    now = running.clock()
    token = do(
        running, lambda db: invite(db, "demo", login=" Xiao.Lin ", role="supervisor", by="王老板", now=now)
    )
    link = do(running, lambda db: read_link(db, token, now))
    assert (link.login, link.role, link.shop_name, link.known) == (
        "xiao.lin",
        Role.SUPERVISOR,
        "演示店",
        False,
    )
    do(running, lambda db: join_as_new(db, token, name="小林", password_hash=HASH, now=now))
    (member,) = do(running, lambda db: list_members(db, "demo"))
    assert (member.login, member.name, member.role) == ("xiao.lin", "小林", Role.SUPERVISOR)
    assert do(running, lambda db: read_link(db, token, now)) is None
    with pytest.raises(AdministrationError, match="链接用过了"):
        do(running, lambda db: join_as_new(db, token, name="小林", password_hash=HASH, now=now))


def test_a_link_ends_is_replaced_and_can_be_withdrawn(running: Running) -> None:
    def invited() -> str:
        token: str = do(
            running, lambda db: invite(db, "demo", login="lin", role="agent", by="王", now=running.clock())
        )
        return token

    def good(token: str) -> bool:
        return do(running, lambda db: read_link(db, token, running.clock())) is not None

    first, second = invited(), invited()
    assert not good(first)
    assert good(second)
    (link,) = do(running, lambda db: list_links(db, "demo", running.clock()))
    do(running, lambda db: withdraw_link(db, "demo", link.id, by="王", now=running.clock()))
    assert not good(second)
    third = invited()
    running.clock.forward(LINK_LASTS.total_seconds())
    assert not good(third)
    assert do(running, lambda db: list_links(db, "demo", running.clock())) == []


def test_links_and_sessions_are_kept_as_hashes_only(running: Running) -> None:
    member_id = hire(running, "lin", "agent")
    token = signed_in(running, member_id)
    link = do(running, lambda db: invite(db, "demo", login="mei", role="agent", by="王", now=running.clock()))
    with running.db() as db:
        kept = [row.token_hash for row in db.exec(select(WebSessionRow))]
        kept += [row.token_hash for row in db.exec(select(MemberLinkRow))]
        assert all(len(value) == 64 for value in kept)
        assert not {token, link} & set(kept)
        assert {row.password_hash[:10] for row in db.exec(select(MemberRow))} == {"$argon2id$"}


def test_a_known_login_is_invited_to_one_more_shop_and_keeps_its_password(running: Running) -> None:
    second_shop(running)
    member_id, now = hire(running, "lin", "agent"), running.clock()
    token = do(running, lambda db: invite(db, "other", login="LIN", role="owner", by="别家", now=now))
    assert do(running, lambda db: read_link(db, token, now)).known
    with pytest.raises(AdministrationError, match="已经有人用了"):
        do(running, lambda db: join_as_new(db, token, name="冒名", password_hash="$argon2id$x", now=now))
    stranger = hire(running, "mei", "agent")
    with pytest.raises(AdministrationError, match="给别人的"):
        do(running, lambda db: join_as_known(db, token, stranger, now))
    do(running, lambda db: join_as_known(db, token, member_id, now))
    roles = {shop.shop_id: shop.role for shop in do(running, lambda db: shops_of(db, member_id))}
    assert roles == {"demo": Role.AGENT, "other": Role.OWNER}
    with running.db() as db:
        assert db.get_one(MemberRow, member_id).password_hash == HASH


def test_the_last_owner_can_be_neither_demoted_nor_disabled(running: Running) -> None:
    now = running.clock()
    wang, agent = hire(running, "wang", "owner"), hire(running, "lin", "agent")
    for change in (
        lambda db: change_role(db, "demo", wang, "agent", by="王", now=now),
        lambda db: disable_member(db, "demo", wang, by="王", now=now),
    ):
        with pytest.raises(AdministrationError, match="最后一位店主"):
            do(running, change)
    do(running, lambda db: change_role(db, "demo", agent, "owner", by="王", now=now))
    do(running, lambda db: disable_member(db, "demo", wang, by="林", now=now))
    with pytest.raises(AdministrationError, match="最后一位店主"):
        do(running, lambda db: change_role(db, "demo", agent, "agent", by="林", now=now))
    do(running, lambda db: enable_member(db, "demo", wang, by="林", now=now))
    do(running, lambda db: change_role(db, "demo", agent, "agent", by="林", now=now))
    assert {
        member.login: member.role.value for member in do(running, lambda db: list_members(db, "demo"))
    } == {
        "wang": "owner",
        "lin": "agent",
    }


def test_roles_and_disabling_hold_for_open_sessions_at_once_and_in_that_shop_only(running: Running) -> None:
    second_shop(running)
    now = running.clock()
    member_id = hire(running, "lin", "supervisor")
    do(running, lambda db: put_member(db, now, "lin", "agent", "other"))
    demo, other = signed_in(running, member_id), signed_in(running, member_id, "other")
    assert "phrases" in here(running, demo).scopes
    assert "phrases" not in here(running, other).scopes
    do(running, lambda db: change_role(db, "demo", member_id, "agent", by="王", now=now))
    assert "phrases" not in here(running, demo).scopes
    do(running, lambda db: disable_member(db, "demo", member_id, by="王", now=now))
    assert here(running, demo) is None
    assert here(running, other) is not None
    assert do(running, lambda db: principal_for(db, member_id)).shop_id == "other"


def test_an_owner_cannot_reset_the_password_of_whoever_works_elsewhere_too(running: Running) -> None:
    second_shop(running)
    now = running.clock()
    member_id = hire(running, "lin", "agent")
    do(running, lambda db: put_member(db, now, "lin", "owner", "other"))
    with pytest.raises(AdministrationError, match="还在别的店"):
        do(running, lambda db: reset_link(db, "demo", member_id, by="王", now=now))
    assert do(running, lambda db: reset_link(db, "demo", member_id, by="命令行", now=now, anywhere=True))


def test_a_new_password_by_link_signs_out_everywhere_and_uses_all_such_links_up(running: Running) -> None:
    now = running.clock()
    member_id = hire(running, "lin", "agent")
    token = signed_in(running, member_id)
    link = do(running, lambda db: reset_link(db, "demo", member_id, by="王", now=now))
    do(running, lambda db: reset_password(db, link, "$argon2id$new", now))
    assert here(running, token) is None
    with pytest.raises(AdministrationError, match="链接用过了"):
        do(running, lambda db: reset_password(db, link, "$argon2id$again", now))
    link = do(running, lambda db: reset_link(db, "demo", member_id, by="王", now=now))
    do(running, lambda db: set_password(db, member_id, HASH, now=now))
    assert do(running, lambda db: read_link(db, link, now)) is None


def test_a_changed_password_signs_out_everywhere_but_here(running: Running) -> None:
    member_id = hire(running, "lin", "agent")
    mine, other = signed_in(running, member_id), signed_in(running, member_id)
    do(running, lambda db: set_password(db, member_id, HASH, now=running.clock(), keep_token=mine))
    assert here(running, mine) is not None
    assert here(running, other) is None


def test_a_session_lasts_while_it_is_used_and_never_beyond_its_end(running: Running) -> None:
    member_id = hire(running, "lin", "agent")
    token = signed_in(running, member_id)
    began = running.clock()
    while running.clock() - began < AT_MOST - IDLE_FOR:
        running.clock.forward(IDLE_FOR.total_seconds() - 60)
        found = do(running, lambda db: find_web_session(db, token, running.clock()))
        assert found.to_note
        do(running, lambda db: note_use(db, token, running.clock()))
        assert not do(running, lambda db: find_web_session(db, token, running.clock())).to_note
    running.clock.now = began + AT_MOST
    assert here(running, token) is None


def test_a_session_that_nobody_uses_ends(running: Running) -> None:
    token = signed_in(running, hire(running, "lin", "agent"))
    running.clock.forward(IDLE_FOR.total_seconds())
    assert here(running, token) is None


def test_moving_to_another_shop_is_a_new_session_that_ends_when_the_old_one_would_have(
    running: Running,
) -> None:
    second_shop(running)
    member_id = hire(running, "lin", "agent")
    do(running, lambda db: put_member(db, running.clock(), "lin", "owner", "other"))
    began, old = running.clock(), signed_in(running, member_id)
    running.clock.forward(6 * 24 * 3600)

    def move(db: Any) -> str:
        principal = principal_for(db, member_id, "other")
        assert principal is not None
        return move_to_shop(db, old, principal, running.clock())

    new = do(running, move)
    assert here(running, old) is None
    assert here(running, new).shop_id == "other"
    with running.db() as db:
        (row,) = db.exec(select(WebSessionRow))
        assert (row.created_at, row.address) == (began, "192.0.2.1")


def test_nobody_ends_the_sessions_of_others(running: Running) -> None:
    lin, mei = hire(running, "lin", "agent"), hire(running, "mei", "owner")
    mine, theirs = signed_in(running, lin), signed_in(running, mei)
    now = running.clock()

    def end(db: Any) -> bool:
        me, them = (principal_of_web_session(db, token, now) for token in (mine, theirs))
        assert me is not None
        assert them is not None
        (target,) = sessions_of(db, them, now)
        return end_session(db, me, target.id, now)

    assert do(running, end) is False
    assert here(running, theirs) is not None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"login": "x"}, "login"),
        ({"login": "有 空格"}, "login"),
        ({"login": "a" * 65}, "login"),
        ({"role": "boss"}, "role"),
        ({"name": "名" * 41}, "name"),
        ({"login": "lin"}, "login"),
    ],
)
def test_an_invitation_that_cannot_be_names_the_field(
    on_sqlite: Running, given: dict[str, str], field: str
) -> None:
    hire(on_sqlite, "lin", "agent")
    fields = {"login": "mei", "role": "agent", "name": ""} | given
    with pytest.raises(AdministrationError) as error:
        do(on_sqlite, lambda db: invite(db, "demo", by="王", now=on_sqlite.clock(), **fields))
    assert error.value.field == field


def test_the_audit_is_paged_and_filtered_and_of_one_shop(running: Running) -> None:
    second_shop(running)

    def fill(db: Any) -> None:
        for number in range(120):
            running.clock.forward(1)
            act = AuditAct.SIGNED_IN if number % 2 else AuditAct.KEY_ADDED
            note(db, "demo", act, by=f"人{number % 3}", now=running.clock(), target=str(number))
            note(db, "other", act, by="别家的", now=running.clock())

    do(running, fill)
    with running.db() as db:
        db.exec(select(AuditRow)).all()
        first = read_audit(db, "demo")
        assert [row.target for row in first.entries[:3]] == ["119", "118", "117"]
        second = read_audit(db, "demo", before=first.older)
        assert second.entries[0].at < first.entries[-1].at
        keys = list(whole_audit(db, "demo", act="key_added", actor="人0"))
        assert {row.act for row in keys} == {"key_added"}
        assert len([row for row in keys if row.target]) == 20
        assert "别家的" not in {row.actor for row in whole_audit(db, "demo")}
