"""`miaohui shop console`: which consoles a shop uses, and whether what they send is understood."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import click

from app.cli.database import database
from app.cli.operator_settings import read_settings
from app.cli.output import EXIT_FINDINGS, cannot, emit, format_option, say
from app.gateways import wall_clock
from app.gateways.consoles import ADAPTERS, Hook
from app.usecases.console_check import check_hook
from app.usecases.consoles import configurable, find_console, list_consoles, remove_console, set_console

_PROOFS = {
    "good": "身份：签名正确",
    "stale": "身份：签名正确，但已过时限，不会再收",
    "key": "身份：没有签名，只有回调地址带 ?key=密钥 时才会收",
    "bad": "身份：签名不对，不会收",
}


@click.group()
def command() -> None:
    """客服台 / consoles."""


@command.command("set")
@click.argument("shop_id")
@click.argument("adapter")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="可多次；留空值为删除 / repeatable"
)
@format_option
def set_(shop_id: str, adapter: str, settings: tuple[str, ...], output_format: str) -> None:
    """配置客服台；没写的设置保持不变 / set a console up, what is not named stays."""
    changes = {}
    for setting in settings:
        name, found, value = setting.partition("=")
        if not found:
            cannot(f"--set 要写成 设置=值，收到 {name} / write NAME=VALUE")
        changes[name] = value.strip()
    with database() as db:
        if not changes and find_console(db, shop_id, adapter) is None:
            console = configurable(adapter)
            listed = "；".join(
                f"{setting.name}{'（必填）' if setting.required else ''} {setting.label}"
                for setting in console.settings
            )
            cannot(f"{adapter} 的设置：{listed} / name at least the required ones")
        made = set_console(db, shop_id, adapter, changes, wall_clock.now())
    if output_format == "jsonl":
        emit({"shop": shop_id, "console": adapter, "set": sorted(made.settings), "replies": made.replies})
        return
    say(f"{made.console.title} 已配置，回调地址：/v1/hooks/{adapter}/{shop_id}")
    if made.replies:
        say("自动回复由它自己的接口发出")
    elif made.console.replies_with:
        missing = [name for name in made.console.replies_with if name not in made.settings]
        say(f"还不能用它的接口回复，缺：{'、'.join(missing)}")


@command.command("list")
@click.argument("shop_id")
@format_option
def list_(shop_id: str, output_format: str) -> None:
    """列出客服台（不显示密钥）/ list consoles, without their secrets."""
    with database() as db:
        rows = list_consoles(db, shop_id)
        replies = {
            row.adapter: found.replies for row in rows if (found := find_console(db, shop_id, row.adapter))
        }
    for row in rows:
        console = ADAPTERS.get(row.adapter)
        secret = {setting.name for setting in console.settings if setting.secret} if console else row.settings
        shown = {name: "***" if name in secret else value for name, value in sorted(row.settings.items())}
        if output_format == "jsonl":
            emit(
                {
                    "shop": shop_id,
                    "console": row.adapter,
                    "settings": shown,
                    "replies": replies.get(row.adapter, False),
                    "updated_at": row.updated_at.isoformat(),
                    "pull_error": row.pull_error,
                }
            )
        else:
            settings = " ".join(f"{name}={value}" for name, value in shown.items())
            say(f"{row.adapter}\t{settings}\t{row.pull_error or ''}".rstrip())


@command.command()
@click.argument("shop_id")
@click.argument("adapter")
def remove(shop_id: str, adapter: str) -> None:
    """删除配置和密钥 / forget what was set."""
    with database() as db:
        remove_console(db, shop_id, adapter, wall_clock.now())
    say(f"{adapter} 的配置已删除 / removed")


@command.command()
@click.argument("shop_id")
@click.argument("adapter")
@click.option(
    "--headers", "headers_file", type=Path, required=True, help="每行一个 名称: 值 / lines of Name: value"
)
@click.option("--body", "body_file", type=Path, required=True, help="原始请求体 / the raw body")
@click.option("--query", default="", help="回调地址 ? 后面的部分 / what followed the ? of the address")
@format_option
def check(
    shop_id: str, adapter: str, headers_file: Path, body_file: Path, query: str, output_format: str
) -> None:
    """用截获的一次回调检查配置：会不会收、读成什么；什么也不写入 / would this request be believed and understood?"""
    settings = read_settings()
    with database() as db:
        shop_console = find_console(db, shop_id, adapter)
    if shop_console is None:
        cannot(f"店铺 {shop_id} 还没有配置 {adapter}：miaohui shop console set / not configured")
    try:
        lines = headers_file.read_text(encoding="latin-1").splitlines()
        body = body_file.read_bytes()
    except OSError as error:
        cannot(f"读不了 {error.filename}：{error.strerror} / cannot read")
    named = (line.partition(":") for line in lines if ":" in line)
    hook = Hook(
        body=body,
        headers={name.strip().lower(): value.strip() for name, _, value in named},
        query=dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True)),
        now=wall_clock.now(),
        tolerance_s=settings.signature_tolerance_s,
    )
    found = check_hook(shop_console, hook, timedelta(seconds=settings.future_tolerance_s))
    if output_format == "jsonl":
        emit(
            {
                "proof": found.proof,
                "problem": found.problem,
                "hints": list(found.hints),
                "unreadable": found.unreadable,
                "fetches": found.fetches,
                "events": list(found.read),
            }
        )
    else:
        say(_PROOFS[found.proof])
        for line in (found.problem, *(f"· {hint}" for hint in found.hints)):
            if line:
                say(f"  {line}")
        if found.unreadable is not None:
            say(f"内容：读不懂。{found.unreadable}")
        elif found.fetches:
            say("内容：有新消息，要用接口去取")
        else:
            say(f"内容：{len(found.read)} 个事件")
        for event in found.read:
            told = (
                f"{name}={event[name]}"
                for name in ("type", "sender", "session", "text", "refused", "message")
                if event.get(name)
            )
            say(f"  {' '.join(told)}")
    refused = any("refused" in event for event in found.read)
    if found.proof == "bad" or found.unreadable is not None or refused:
        raise SystemExit(EXIT_FINDINGS)
