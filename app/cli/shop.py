"""`miaohui shop`: make and list shops."""

from __future__ import annotations

from typing import Any

import click
import orjson

from app.cli import shop_console
from app.cli.database import database
from app.cli.output import cannot, emit, format_option, say
from app.cli.shop_staff import hours, roster
from app.gateways import wall_clock
from app.platforms.catalog import load_profiles
from app.usecases.administration import (
    add_shop,
    add_signing_secret,
    list_shops,
    list_signing_secrets,
    retire_signing_secret,
    set_callback,
)
from app.usecases.knowledge import Knowledge
from app.usecases.phrase_history import Author
from app.usecases.policy_versions import change_policy, read_policy, read_versions, restore_policy


@click.group()
def command() -> None:
    """店铺 / shops."""


@command.command()
@click.argument("shop_id")
@click.option("--name", required=True, help="店名 / the shop's name")
@click.option("--platform", required=True, help="平台，如 kuaishou、douyin、pinduoduo、tmall / the platform")
@click.option("--callback", help="自动回复发往的地址 / where replies are sent")
@click.option("--policy", default="{}", help="策略（JSON）/ the policy as JSON")
@format_option
def add(
    shop_id: str, name: str, platform: str, callback: str | None, policy: str, output_format: str
) -> None:
    """新建店铺，附带起始话术库和签名密钥 / make a shop with a signing secret and the starter phrases."""
    try:
        settings = orjson.loads(policy)
    except orjson.JSONDecodeError as error:
        cannot(f"--policy 不是 JSON：{error} / not JSON")
    if not isinstance(settings, dict):
        cannot("--policy 必须是 JSON 对象 / must be a JSON object")
    with database() as db:
        made = add_shop(
            db,
            Knowledge.load(),
            wall_clock.now(),
            shop_id=shop_id,
            name=name,
            platform=platform,
            callback_url=callback,
            policy=settings,
        )
    if output_format == "jsonl":
        emit(
            {
                "shop": made.shop_id,
                "signing_secret": made.signing_secret,
                "callback_secret": made.callback_secret,
            }
        )
        return
    say(f"店铺 {made.shop_id} 已建好 / the shop is made")
    say(f"  Webhook 签名密钥（配置到客服台） {made.signing_secret}")
    if made.callback_secret:
        say(f"  回调签名密钥（对方用来验签）   {made.callback_secret}")
    say(f"下一步：miaohui key add {made.shop_id}")


@command.command("list")
@format_option
def list_(output_format: str) -> None:
    """列出店铺 / list shops."""
    with database() as db:
        shops = list_shops(db)
    for shop in shops:
        if output_format == "jsonl":
            emit(
                {"shop": shop.id, "name": shop.name, "platform": shop.platform, "callback": shop.callback_url}
            )
        else:
            say(f"{shop.id}\t{shop.name}\t{shop.platform}\t{shop.callback_url or '—'}")


@command.command()
@click.argument("shop_id")
@click.argument("url")
@format_option
def callback(shop_id: str, url: str, output_format: str) -> None:
    """设置自动回复发往的地址 / set where replies are sent."""
    with database() as db:
        secret = set_callback(db, shop_id, url, wall_clock.now())
    if output_format == "jsonl":
        emit({"shop": shop_id, "callback_secret": secret})
    else:
        say(f"已设置；回调签名密钥 {secret}")


@command.group()
def secret() -> None:
    """客服台签名密钥：新建、查看、停用 / what the console signs with."""


@secret.command("add")
@click.argument("shop_id")
@format_option
def add_secret(shop_id: str, output_format: str) -> None:
    """再加一个签名密钥，旧的仍可用 / add a signing secret, the old stay valid."""
    with database() as db:
        made = add_signing_secret(db, shop_id, wall_clock.now())
    if output_format == "jsonl":
        emit({"shop": shop_id, "signing_secret": made})
    else:
        say(made)


@secret.command("list")
@click.argument("shop_id")
@format_option
def list_secrets(shop_id: str, output_format: str) -> None:
    """列出签名密钥（不含内容）/ list them, without their contents."""
    with database() as db:
        rows = list_signing_secrets(db, shop_id)
    for row in rows:
        state = "retired" if row.retired_at else "active"
        made_at = row.created_at.isoformat(timespec="seconds")
        if output_format == "jsonl":
            emit({"id": row.id, "created_at": made_at, "state": state})
        else:
            say(f"{row.id}\t{state}\t{made_at}")


@secret.command()
@click.argument("shop_id")
@click.argument("secret_id")
def retire(shop_id: str, secret_id: str) -> None:
    """停用签名密钥，用它签名的请求不再接受 / retire one: its signatures are no longer taken."""
    with database() as db:
        retire_signing_secret(db, shop_id, secret_id, wall_clock.now())
    say(f"签名密钥 {secret_id} 已停用 / retired")


@command.command()
@click.argument("shop_id")
@click.option(
    "--set", "settings", multiple=True, metavar="KNOB=VALUE", help="如 robot_on=false / for example"
)
@click.option("--restore", type=int, metavar="NUMBER", help="恢复到第几版 / make an old version stand again")
@click.option("--history", is_flag=True, help="列出各版，新的在前 / the versions, the newest first")
@click.option("--why", default="", help="为什么改，记入历史 / why, for the history")
@click.option("--by", default="命令行", show_default=True, help="谁改的 / who")
def policy(
    shop_id: str, settings: tuple[str, ...], restore: int | None, history: bool, why: str, by: str
) -> None:
    """查看或修改自动回复策略；robot_on=false 立即让机器闭嘴 / show or change the policy."""
    if restore is not None and settings:
        cannot("--restore 和 --set 不能一起用，请分两次 / give either")
    changes = _changes(settings)
    author = Author(by, wall_clock.now(), why)
    with database() as db:
        if restore is not None:
            now = restore_policy(db, load_profiles(), shop_id, restore, author)
        elif changes:
            now = change_policy(db, load_profiles(), shop_id, changes, author)
        else:
            now = read_policy(db, shop_id)
        versions = read_versions(db, shop_id) if history else []
    if history:
        for version in versions:
            emit(version.to_json())
    else:
        emit(now.policy.to_json())


def _changes(settings: tuple[str, ...]) -> dict[str, Any]:
    """The knobs to turn. A value that is no JSON is a text."""
    changes: dict[str, Any] = {}
    for setting in settings:
        knob, found, value = setting.partition("=")
        if not found:
            cannot(f"--set 要写成 设置=值，收到 {setting} / write KNOB=VALUE")
        try:
            changes[knob] = orjson.loads(value)
        except orjson.JSONDecodeError:
            changes[knob] = value
    return changes


command.add_command(shop_console.command, "console")
command.add_command(hours)
command.add_command(roster)
