"""`miaohui key`: API keys."""

from __future__ import annotations

import click

from app.cli.database import database
from app.cli.output import emit, format_option, say
from app.gateways import wall_clock
from app.usecases.administration import SCOPES, add_key, list_keys, revoke_key


@click.group()
def command() -> None:
    """API 密钥 / API keys."""


@command.command()
@click.argument("shop_id")
@click.option("--label", default="", help="备注 / a label")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="权限，可多次；默认全部 / repeatable, default all",
)
@format_option
def add(shop_id: str, label: str, scopes: tuple[str, ...], output_format: str) -> None:
    """新建密钥；只显示这一次 / make a key; it is shown this once."""
    with database() as db:
        key = add_key(db, shop_id, wall_clock.now(), label=label, scopes=scopes or SCOPES)
    if output_format == "jsonl":
        emit({"shop": shop_id, "key": key, "scopes": sorted(scopes or SCOPES)})
    else:
        say(key)


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
