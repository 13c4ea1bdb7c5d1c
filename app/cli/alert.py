"""`miaohui alert`: who is told, and where, when a buyer waits too long."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import click
import orjson

from app.cli.database import database
from app.cli.operator_settings import read_settings
from app.cli.output import cannot, emit, format_option, say
from app.core.alerts import FIELDS, Role
from app.gateways import wall_clock
from app.gateways.alert_sender import AlertSender
from app.gateways.outbound import Failed
from app.platforms.catalog import load_profiles
from app.usecases.alert_channels import UnknownChannelError, add_channel, list_channels, remove_channel
from app.usecases.alert_delivery import TooOftenError, claim_trial, record_failure, record_sent
from app.usecases.shops import UnknownShopError, read_shop


@click.group()
def command() -> None:
    """提醒渠道：钉钉、企业微信、飞书、邮件、短信等 / alert channels."""


@command.command()
@click.argument("shop_id")
@click.argument("address")
@click.option("--name", required=True, help="渠道名，如“主管群” / what it is called")
@click.option(
    "--role",
    default=Role.SUPERVISOR.value,
    type=click.Choice([role.value for role in Role]),
    help="给谁看 / for whom",
)
@click.option("--agent", "agents", multiple=True, help="只提醒这些客服的买家，可多次 / only of their buyers")
@click.option("--secret", default="", help="钉钉“加签”的 SEC… / the secret of a DingTalk robot")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="如 hours=09:00-21:00")
@format_option
def add(
    shop_id: str,
    address: str,
    name: str,
    role: str,
    agents: tuple[str, ...],
    secret: str,
    settings: tuple[str, ...],
    output_format: str,
) -> None:
    """新增渠道。ADDRESS 是机器人的 Webhook 地址，或 apprise 地址；- 从标准输入读 / add a channel."""
    if address == "-":
        address = sys.stdin.readline().strip()
    raw: dict[str, Any] = {"name": name, "address": address, "role": role, "secret": secret}
    if agents:
        raw["agents"] = list(agents)
    for setting in settings:
        field, found, value = setting.partition("=")
        if not found or field not in FIELDS:
            cannot(f"--set 要写成 设置=值，设置有 {'、'.join(FIELDS)} / write FIELD=VALUE")
        try:
            raw[field] = orjson.loads(value)
        except orjson.JSONDecodeError:
            raw[field] = value
    try:
        with database() as db:
            shop = read_shop(db, load_profiles(), shop_id)
            channel = add_channel(db, shop, raw, wall_clock.now())
    except UnknownShopError as error:
        cannot(str(error))
    if output_format == "jsonl":
        emit(channel)
    else:
        say(f"渠道 {channel['id']} 已加好：{channel['name']}，{channel['address']}")
        say(f"下一步：miaohui alert test {shop_id} {channel['id']}")


@command.command("list")
@click.argument("shop_id")
@format_option
def list_(shop_id: str, output_format: str) -> None:
    """列出渠道（不显示完整地址）/ list channels, without their addresses."""
    with database() as db:
        channels = list_channels(db, shop_id)
    for channel in channels:
        if output_format == "jsonl":
            emit(channel)
        else:
            state = "启用" if channel["active"] else "停用"
            told = "、".join(channel["occasions"])
            say(
                f"{channel['id']}\t{state}\t{channel['name']}\t{channel['role']}\t{told}\t{channel['address']}"
            )


@command.command()
@click.argument("shop_id")
@click.argument("channel_id")
def test(shop_id: str, channel_id: str) -> None:
    """立即发一条测试消息 / send a test message now."""
    settings = read_settings()
    now = wall_clock.now()
    try:
        with database() as db:
            dispatch = claim_trial(db, read_shop(db, load_profiles(), shop_id), channel_id, now)
    except (UnknownShopError, UnknownChannelError, TooOftenError) as error:
        cannot(str(error))

    async def send() -> Failed | None:
        sender = AlertSender(settings.alert_allow, settings.alert_relays)
        try:
            return await sender.send(dispatch.address, dispatch.title, dispatch.body)
        finally:
            sender.close()

    failed = asyncio.run(send())
    with database() as db:
        if failed is None:
            record_sent(db, dispatch)
        else:
            record_failure(db, dispatch, now, failed.error, final=True)
    if failed is not None:
        cannot(f"没有送达：{failed.error}")
    say("已送达 / delivered")


@command.command()
@click.argument("shop_id")
@click.argument("channel_id")
def remove(shop_id: str, channel_id: str) -> None:
    """删除渠道和它的记录 / remove a channel and its record."""
    try:
        with database() as db:
            remove_channel(db, shop_id, channel_id, wall_clock.now())
    except UnknownChannelError as error:
        cannot(str(error))
    say(f"渠道 {channel_id} 已删除 / removed")
