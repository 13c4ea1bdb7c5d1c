"""`miaohui key`: API keys."""

from __future__ import annotations

import click

from app.cli.database import database
from app.cli.output import cannot, emit, format_option, say
from app.gateways import wall_clock
from app.usecases.administration import SCOPES, add_key, list_keys, revoke_key
from app.usecases.pairing import as_record, pair_extension


@click.group()
def command() -> None:
    """API 密钥 / API keys."""


@command.command()
@click.argument("shop_id")
@click.option("--label", default="", help="备注；配对扩展时是客服的称呼 / a label, or the agent's name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="权限，可多次；默认全部 / repeatable, default all",
)
@click.option("--for-extension", is_flag=True, help="给浏览器扩展的配对码 / a pairing code for the extension")
@click.option("--agent", help="配对扩展：客服编号，与客服台里的一致 / with --for-extension: the agent's id")
@click.option(
    "--server", help="配对扩展：浏览器打开本服务的地址 / with --for-extension: where browsers reach us"
)
@format_option
def add(
    shop_id: str,
    label: str,
    scopes: tuple[str, ...],
    for_extension: bool,
    agent: str | None,
    server: str | None,
    output_format: str,
) -> None:
    """新建密钥或扩展的配对码；只显示这一次 / make a key, or a pairing code; it is shown this once."""
    if for_extension:
        _pair(shop_id, label, scopes, agent, server, output_format)
        return
    if agent or server:
        cannot("--agent 和 --server 要与 --for-extension 一起用 / they belong to --for-extension")
    with database() as db:
        key = add_key(db, shop_id, wall_clock.now(), label=label, scopes=scopes or SCOPES)
    if output_format == "jsonl":
        emit({"shop": shop_id, "key": key, "scopes": sorted(scopes or SCOPES)})
    else:
        say(key)


def _pair(
    shop_id: str,
    name: str,
    scopes: tuple[str, ...],
    agent: str | None,
    server: str | None,
    output_format: str,
) -> None:
    if scopes:
        cannot("--for-extension 的权限是固定的，请去掉 --scope / its scopes are fixed, leave --scope out")
    if not agent or not server:
        cannot(
            "--for-extension 还要 --agent 客服编号 和 --server 服务地址 / --for-extension needs --agent and --server"
        )
    with database() as db:
        pairing = pair_extension(
            db, shop_id, wall_clock.now(), server=server, agent_id=agent, agent_name=name
        )
    if output_format == "jsonl":
        emit(as_record(pairing))
        return
    say(pairing.code())
    click.echo(
        f"把上面一行整行交给 {pairing.agent_name}，粘贴到扩展的「连接」里；停用：miaohui key revoke {shop_id} {pairing.key_id}\n"
        "它等同密码，只显示这一次 / hand this line over; it is a password, shown this once",
        err=True,
    )


@command.command("list")
@click.argument("shop_id")
@format_option
def list_(shop_id: str, output_format: str) -> None:
    """列出密钥（不含内容）/ list keys, without their secrets."""
    with database() as db:
        keys = list_keys(db, shop_id)
    for key in keys:
        state = "revoked" if key.revoked_at else "active"
        if output_format == "jsonl":
            emit({"id": key.id, "label": key.label, "scopes": key.scopes, "state": state})
        else:
            say(f"{key.id}\t{state}\t{key.label}\t{','.join(key.scopes)}")


@command.command()
@click.argument("shop_id")
@click.argument("key_id")
def revoke(shop_id: str, key_id: str) -> None:
    """停用密钥 / revoke a key."""
    with database() as db:
        revoke_key(db, shop_id, key_id, wall_clock.now())
    say(f"密钥 {key_id} 已停用 / revoked")
