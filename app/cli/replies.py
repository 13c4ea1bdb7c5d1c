"""`miaohui replies`: what the machine said that was not delivered."""

from __future__ import annotations

import click

from app.cli.database import database
from app.cli.output import cannot, emit, format_option, say
from app.db.tables import OutboxState
from app.gateways import wall_clock
from app.usecases.knowledge import Knowledge
from app.usecases.replies import UNDELIVERED, UnknownReplyError, list_replies, replay, reply_json
from app.usecases.shops import UnknownShopError, read_shop

MOST = 1000


@click.group()
def command() -> None:
    """没有送达的自动回复：查看、重发 / replies that were not delivered."""


@command.command("list")
@click.argument("shop_id")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in OutboxState]),
    help="状态，可多次；默认 dead 与 expired / repeatable",
)
@format_option
def list_(shop_id: str, states: tuple[str, ...], output_format: str) -> None:
    """列出自动回复，新的在前 / list replies, the newest first."""
    with database() as db:
        rows = list_replies(db, shop_id, [OutboxState(state) for state in states] or UNDELIVERED, MOST)
    for row in rows:
        if output_format == "jsonl":
            emit(reply_json(row))
        else:
            at = row.created_at.isoformat(timespec="seconds")
            say(f"{row.id}\t{row.state}\t{at}\t{row.session}\t{row.last_error or '—'}\t{row.text}")


@command.command("replay")
@click.argument("shop_id")
@click.option("--id", "reply_ids", multiple=True, help="要重发的回复，可多次 / which, repeatable")
@click.option("--all", "everything", is_flag=True, help="所有没有送达的 / all that were not delivered")
@format_option
def replay_(shop_id: str, reply_ids: tuple[str, ...], everything: bool, output_format: str) -> None:
    """重新发送；已过时限或买家不再等待的不发，并说明原因 / send again what is still wanted in time."""
    if everything == bool(reply_ids):
        cannot("用 --id 指定回复，或用 --all 重发全部 / give --id or --all")
    now = wall_clock.now()
    with database() as db:
        try:
            knowledge = Knowledge.load()
            shop = read_shop(db, knowledge.profiles, shop_id)
            wanted = reply_ids or [row.id for row in list_replies(db, shop_id, UNDELIVERED, MOST)]
            done = [replay(db, knowledge, shop, reply_id, now, "miaohui replies") for reply_id in wanted]
        except (UnknownShopError, UnknownReplyError) as error:
            cannot(str(error))
    for one in done:
        if output_format == "jsonl":
            emit({"id": one.reply_id, "queued": one.queued, "reasons": list(one.reasons)})
        else:
            say(f"{one.reply_id}\t{'已重新排队 / queued' if one.queued else '；'.join(one.reasons)}")
