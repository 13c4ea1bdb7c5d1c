"""`miaohui invite`: rating advice for every session of an event log, as of its last event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import click

from app.cli.moments import read_moment
from app.cli.output import cannot, emit, format_option, read_lines, say
from app.core.events import Event, read_log
from app.core.fields import FieldError
from app.core.invites import InviteAdvice, InviteRules, advise
from app.core.mood import MoodModel
from app.core.said import said_in
from app.core.sessions import Session, fold_session
from app.platforms.catalog import ProfileError, load_profiles

NAMES = {"invite": "邀评", "wait": "等等", "no": "不邀"}


@click.command()
@click.argument("log", metavar="LOG|-")
@click.option("--platform", help="按哪个平台的规则 / platform id whose rules apply")
@click.option("--as-of", "as_of", help="截至时刻 (RFC 3339)；之后的事件不看 / leave out what came later")
@format_option
def command(log: str, platform: str | None, as_of: str | None, output_format: str) -> None:
    """邀评建议：每个会话给出 invite、wait 或 no 及原因 / whether to ask for a rating, per session."""
    rules = InviteRules() if platform is None else _rules(platform)
    until = read_moment(as_of, rules.timezone)
    by_session: dict[str, dict[str, Event]] = defaultdict(dict)
    try:
        for _, event in read_log(read_lines(log)):
            if event.session is not None and (until is None or event.at <= until):
                by_session[event.session].setdefault(event.id, event)
    except FieldError as error:
        cannot(f"{log} {error.message}")
    try:
        sessions = {name: fold_session(events.values()) for name, events in by_session.items()}
    except ValueError as error:
        cannot(f"{log} {error}")
    invites: dict[str, list[tuple[str, datetime, str]]] = defaultdict(list)
    for session in sessions.values():
        invites[session.buyer].extend((session.id, at, session.agent or "") for at, _ in session.invites)
    for name, session in sessions.items():
        earlier = [(at, agent) for other, at, agent in invites[session.buyer] if other != name]
        advice = _advice(session, rules, earlier)
        if output_format == "jsonl":
            emit(
                {
                    "session": name,
                    "advice": advice.advice,
                    "p_satisfied": advice.p_satisfied,
                    "reasons": list(advice.reasons),
                }
            )
        else:
            say(f"{NAMES[advice.advice]}  {advice.p_satisfied:4.0%}  {name}  {'；'.join(advice.reasons)}")


def _advice(session: Session, rules: InviteRules, earlier: Sequence[tuple[datetime, str]]) -> InviteAdvice:
    model = MoodModel.load()
    last = session.last_buyer_message
    now = session.last_event_at
    assert now is not None
    return advise(
        session,
        model.session(said_in(session)),
        rules,
        now,
        earlier_invites=earlier,
        last_turn=model.turn(last.text, last.kind.value) if last is not None else None,
    )


def _rules(platform: str) -> InviteRules:
    try:
        profiles = load_profiles()
    except ProfileError as error:
        cannot(f"平台资料有误：{error}")
    if platform not in profiles:
        cannot(f"没有平台 {platform}，可用：{'、'.join(profiles)} / unknown platform")
    return InviteRules.of_profile(profiles[platform])
