"""`miaohui invite`: rating advice for every session of an event log, as of its last event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Any

import click

from app.cli.measure_options import chosen_profile, logged_sessions
from app.cli.moments import read_moment
from app.cli.output import cannot, emit, format_option, say
from app.core.invites import (
    AFTER_BAD_DAYS,
    COOLDOWN_DAYS,
    BuyerPast,
    InviteAdvice,
    InviteRules,
    PastInvite,
    advise,
)
from app.core.measures import History
from app.core.measures.so_far import RatingsSoFar
from app.core.mood import MoodModel
from app.core.rating_effect import Effect
from app.core.said import said_in
from app.core.sessions import Session, fold_session

NAMES = {"invite": "邀评", "wait": "等等", "no": "不邀"}


@click.command()
@click.argument("log", metavar="LOG|-")
@click.option("--platform", help="按哪个平台的规则 / platform id whose rules apply")
@click.option("--as-of", "as_of", help="截至时刻 (RFC 3339)；之后的事件不看 / leave out what came later")
@click.option(
    "--cooldown-days",
    type=click.IntRange(0, 90),
    default=COOLDOWN_DAYS,
    show_default=True,
    help="同一位买家多少天内只邀请一次 / days in which a buyer is asked once",
)
@click.option(
    "--after-bad-days",
    type=click.IntRange(0, 365),
    default=AFTER_BAD_DAYS,
    show_default=True,
    help="给过中差评后多少天内不邀请 / days of rest after a bad rating",
)
@format_option
def command(
    log: str,
    platform: str | None,
    as_of: str | None,
    cooldown_days: int,
    after_bad_days: int,
    output_format: str,
) -> None:
    """邀评建议：每个会话给出 invite、wait 或 no 及原因 / whether to ask for a rating, per session."""
    profile = None if platform is None else chosen_profile(platform)
    rules = InviteRules() if profile is None else InviteRules.of_profile(profile)
    rules = replace(rules, cooldown_days=cooldown_days, after_bad_days=after_bad_days)
    until = read_moment(as_of, rules.timezone)
    by_session = logged_sessions(log, until)
    try:
        sessions = {name: fold_session(events) for name, events in by_session.items()}
    except ValueError as error:
        cannot(f"{log} {error}")
    of_buyers: dict[str, list[Session]] = defaultdict(list)
    for session in sessions.values():
        of_buyers[session.buyer].append(session)
    so_far = (
        None
        if profile is None
        else RatingsSoFar(History.of(chain.from_iterable(by_session.values())), profile)
    )
    for name, session in sessions.items():
        advice = _advice(session, rules, of_buyers[session.buyer])
        effect = advice.effect
        if so_far is not None and session.last_event_at is not None:
            effect = replace(effect, standing=so_far.standing(session.last_event_at))
        if output_format == "jsonl":
            emit({"session": name} | _advice_json(advice, effect))
            continue
        say(f"{NAMES[advice.advice]}  {advice.p_satisfied:4.0%}  {name}  {'；'.join(advice.reasons)}")
        if advice.advice == "invite":
            say(f"      {effect.text}")


def _advice_json(advice: InviteAdvice, effect: Effect) -> dict[str, Any]:
    return {
        "advice": advice.advice,
        "p_satisfied": advice.p_satisfied,
        "reasons": list(advice.reasons),
        "code": advice.code,
        "waits_for": advice.waits_for.value if advice.waits_for is not None else None,
        "until": advice.until.isoformat() if advice.until is not None else None,
        "at_risk": advice.at_risk,
        "text": advice.text,
        "effect": effect.to_json() if advice.code in {"ready", "chance"} else None,
    }


def _advice(session: Session, rules: InviteRules, of_buyer: Iterable[Session]) -> InviteAdvice:
    model = MoodModel.load()
    last = session.last_buyer_message
    now = session.last_event_at
    assert now is not None
    return advise(
        session,
        model.session(said_in(session)),
        rules,
        now,
        last_turn=model.turn(last.text, last.kind.value) if last is not None else None,
        past=lambda: _past(other for other in of_buyer if other.id != session.id),
    )


def _past(others: Iterable[Session]) -> BuyerPast:
    known = list(others)
    invites = [PastInvite(at, other.agent) for other in known for at, _ in other.invites]
    ratings = [(rating.at, rating.label) for other in known for rating in other.ratings]
    return BuyerPast(
        tuple(sorted(invites, key=lambda invite: invite.at)),
        tuple(sorted(ratings, key=lambda rating: rating[0])),
    )
