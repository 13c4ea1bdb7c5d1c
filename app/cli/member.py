"""`miaohui member`: who may sign in to a shop's dashboard."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from app.cli.database import database
from app.cli.operator_settings import read_settings
from app.cli.output import cannot, emit, format_option, say
from app.core.roles import ROLE_NAMES, Role
from app.gateways import wall_clock
from app.usecases.audit import OPERATOR
from app.usecases.members import (
    change_role,
    disable_member,
    enable_member,
    invite,
    list_links,
    list_members,
    member_by_login,
    reset_link,
)

ROLES = [role.value for role in Role]
DEFAULT_SERVER = "http://127.0.0.1:8770"
server_option = click.option(
    "--server", default="", help="看板的地址，默认 MIAOHUI_PUBLIC_URL / where people open the dashboard"
)


@click.group()
def command() -> None:
    """成员：谁能登录看板 / who may sign in."""


@command.command()
@click.argument("shop_id")
@click.argument("login")
@click.option(
    "--role", type=click.Choice(ROLES), default=Role.AGENT.value, show_default=True, help="角色 / role"
)
@click.option("--name", default="", help="姓名，本人可以改 / the name, which they can change")
@server_option
@format_option
def add(shop_id: str, login: str, role: str, name: str, server: str, output_format: str) -> None:
    """邀请成员：印出一个链接，三天内有效，只能用一次，密码由本人设 / print a link that works once."""
    base = _base(server)
    with database() as db:
        token = invite(db, shop_id, login=login, role=role, name=name, by=OPERATOR, now=wall_clock.now())
    _print_link(shop_id, login, f"{base}/join/{token}", output_format)


@command.command("list")
@click.argument("shop_id")
@format_option
def list_(shop_id: str, output_format: str) -> None:
    """列出成员和还没用的链接 / list members and links that were not used yet."""
    with database() as db:
        links = list_links(db, shop_id, wall_clock.now())
        members = list_members(db, shop_id)
    for member in members:
        state = "disabled" if member.disabled_at else "active"
        seen = member.last_sign_in_at.isoformat(timespec="seconds") if member.last_sign_in_at else None
        if output_format == "jsonl":
            record = {"login": member.login, "name": member.name, "role": member.role.value}
            emit(record | {"state": state, "last_sign_in_at": seen})
        else:
            say(f"{member.login}\t{ROLE_NAMES[member.role]}\t{state}\t{member.name}\t{seen or '—'}")
    for link in links:
        until = link.expires_at.isoformat(timespec="seconds")
        if output_format == "jsonl":
            role = link.role.value if link.role else None
            emit({"login": link.login, "role": role, "state": link.purpose, "expires_at": until})
        else:
            say(f"{link.login}\t{ROLE_NAMES[link.role] if link.role else ''}\t{link.purpose}\t\t{until}")


@command.command()
@click.argument("shop_id")
@click.argument("login")
@click.argument("role", type=click.Choice(ROLES))
def role(shop_id: str, login: str, role: str) -> None:
    """改角色，马上生效 / give another role, at once."""
    with database() as db:
        member = member_by_login(db, shop_id, login)
        change_role(db, shop_id, member.id, role, by=OPERATOR, now=wall_clock.now())
    say(f"{member.login} 现在是{ROLE_NAMES[Role(role)]} / {role}")


@command.command()
@click.argument("shop_id")
@click.argument("login")
def disable(shop_id: str, login: str) -> None:
    """停用：马上登出，再也登不进这家店 / let in no more."""
    with database() as db:
        member = member_by_login(db, shop_id, login)
        disable_member(db, shop_id, member.id, by=OPERATOR, now=wall_clock.now())
    say(f"{member.login} 已停用 / disabled")


@command.command()
@click.argument("shop_id")
@click.argument("login")
def enable(shop_id: str, login: str) -> None:
    """恢复停用的成员 / let in again."""
    with database() as db:
        member = member_by_login(db, shop_id, login)
        enable_member(db, shop_id, member.id, by=OPERATOR, now=wall_clock.now())
    say(f"{member.login} 已恢复 / enabled")


@command.command()
@click.argument("shop_id")
@click.argument("login")
@server_option
@format_option
def reset(shop_id: str, login: str, server: str, output_format: str) -> None:
    """忘了密码：印出一个链接，本人用它设新密码 / print a link to set a new password."""
    base = _base(server)
    with database() as db:
        member = member_by_login(db, shop_id, login)
        token = reset_link(db, shop_id, member.id, by=OPERATOR, now=wall_clock.now(), anywhere=True)
    _print_link(shop_id, member.login, f"{base}/join/{token}", output_format)


def _base(server: str) -> str:
    """Where the dashboard is. Ends the program where that is no address."""
    base = (server or read_settings().public_url or DEFAULT_SERVER).rstrip("/")
    parts = urlsplit(base)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        cannot(f"--server 要写成 http(s)://主机[:端口]，收到 {base} / not an address")
    return base


def _print_link(shop_id: str, login: str, link: str, output_format: str) -> None:
    if output_format == "jsonl":
        emit({"shop": shop_id, "login": login, "link": link})
        return
    say(link)
    say(f"把链接交给 {login} 本人：三天内打开一次有效 / good once, for three days")
