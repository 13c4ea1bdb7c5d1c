"""Why a message was answered or not: its clock, its ladder, every guard, the scores, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.auto_reply import Decision, Say, decide_at_once, decide_before_deadline
from app.core.clocks import OpenItem
from app.core.events import parse_event
from app.core.explanation import Examined, examine
from app.core.ladder import STEP_NAMES, Due, Step, steps
from app.core.sessions import Session
from app.core.situations import Moment, Purpose
from app.core.stories import Answer, Story, story_of
from app.db.tables import ActRow, DeadlineRow, EventRow, OutboxRow
from app.usecases.considered import Considered, advice_with_effect, message_of
from app.usecases.knowledge import Knowledge
from app.usecases.picture import buyer_events, look_at_buyer
from app.usecases.shops import Shop, read_shop
from app.usecases.situations import situation_of, situation_to_invite, sources_of
from phrasebank import Result

_ACTS_OF: Final = {
    Step.WARN: ("warned",),
    Step.WARN_LAST: ("warned_last",),
    Step.HOLD: ("queued", "offered", "held_back"),
    Step.MISS: ("missed",),
    Step.ESCALATE: ("escalated",),
}
"""The kinds of acts that show that a step was taken."""
_JUST_BEFORE: Final = timedelta(microseconds=1)
_STATES: Final = {
    "queued": "待发送",
    "offered": "已备好，等人一键发送",
    "sent": "已送达",
    "dropped": "发送前取消",
    "expired": "过了时限，没有发送",
    "dead": "多次尝试都没有送达",
}


def explain(
    db: Database, knowledge: Knowledge, shop_id: str, event_id: str, now: datetime
) -> dict[str, Any] | None:
    """All that is known of one event, as JSON. None for an event that is not known.

    `guards` are asked as of when the message came and as of when the machine would speak, or would have spoken, before the
    deadline. `summary` tells it in a few lines.
    """
    row = db.get(EventRow, (shop_id, event_id))
    if row is None:
        return None
    shop = read_shop(db, knowledge.profiles, shop_id)
    replies = db.exec(
        select(OutboxRow)
        .where(OutboxRow.shop_id == shop_id, OutboxRow.session == row.session, OutboxRow.item_id == event_id)
        .order_by(col(OutboxRow.created_at), col(OutboxRow.id))
    ).all()
    acts = db.exec(
        select(ActRow)
        .where(ActRow.shop_id == shop_id, col(ActRow.about).in_([event_id, *(one.id for one in replies)]))
        .order_by(col(ActRow.at), col(ActRow.id))
    ).all()
    out: dict[str, Any] = {
        "event": row.body,
        "received_at": row.received_at.isoformat(),
        "clock": None,
        "answered": None,
        "ladder": [],
        "guards": [],
        "match": None,
        "invitation": None,
        "replies": [_reply_json(one) for one in replies],
        "acts": [_act_json(one) for one in acts],
        "now": None,
        "summary": [],
    }
    if row.buyer is None or row.session is None:
        out["summary"] = ["这不是会话里的事件，没有时限，也不会自动回复"]
        return out
    events = buyer_events(db, shop_id, row.buyer, {row.session})
    event = parse_event(row.body)
    edition = shop.reply_edition(event.at)
    story = story_of(events, edition.definition, event)
    deadline = db.get(DeadlineRow, (shop_id, event_id))
    ladder = _ladder(shop, story, deadline, acts, now)
    considered = Considered(db, knowledge, look_at_buyer(db, shop, row.buyer, {row.session}, now))
    item = considered.picture.item(event_id)
    out["clock"] = _clock_json(story, edition.id, deadline, now)
    out["answered"] = _answered_json(story)
    out["ladder"] = ladder
    decision: Decision | None = None
    if item is None:
        out["now"] = {"open": False, "reasons": ["这条消息现在不在等待回复 / not waiting"]}
    else:
        decision, found = _decide_now(considered, item)
        session = considered.picture.sessions[item.session]
        out["now"] = {
            "open": True,
            "would_say": decision.text if isinstance(decision, Say) else None,
            "code": decision.purpose.value if isinstance(decision, Say) else decision.code,
            "reasons": list(decision.reasons),
            "suggestions": considered.hits_json(session, found),
        }
    out["invitation"] = _invitation_json(considered, considered.picture.sessions[row.session])
    if story.opened_at is not None:
        out["guards"], out["match"] = _examined(db, knowledge, shop, row, story, item, now)
    out["summary"] = _summary(shop, row, story, ladder, replies, decision)
    return out


def _decide_now(considered: Considered, item: OpenItem) -> tuple[Decision, Result]:
    session = considered.picture.sessions[item.session]
    decision = decide_before_deadline(
        situation_of(considered, session, item), sources_of(considered, session, message_of(session, item))
    )
    return decision, considered.found_for(session, item)


def _invitation_json(considered: Considered, session: Session) -> dict[str, Any] | None:
    """The rating advice on the session as of now, and what stands in the way of an automatic invitation."""
    advice = considered.advice_now(session)
    if advice is None:
        return None
    situation = situation_to_invite(considered, session)
    sources = sources_of(considered, session, situation.message)
    return {
        "advice": advice_with_effect(advice, considered.effect(advice)),
        "guards": _guards_json(examine(situation, Purpose.INVITE, Moment.QUIET, sources)),
    }


def _examined(
    db: Database,
    knowledge: Knowledge,
    shop: Shop,
    row: EventRow,
    story: Story,
    item: OpenItem | None,
    now: datetime,
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Every guard when the message came and before the deadline, and what the bank had then."""
    assert row.buyer is not None
    assert row.session is not None
    assert story.opened_at is not None
    assert story.deadline_at is not None
    speaks_at = now
    if item is None or now > story.deadline_at:
        ladder = steps(story.opened_at, story.deadline_at, shop.policy, shop.profile.warn_after_s)
        hold_at = next(due.at for due in ladder if due.step is Step.HOLD)
        ended_at = story.ended_by.message.at if story.ended_by is not None else hold_at
        speaks_at = min(hold_at, ended_at, now) - _JUST_BEFORE
    groups: list[dict[str, Any]] = []
    match: dict[str, Any] | None = None
    moments = (
        (
            Moment.ARRIVAL,
            row.received_at - _JUST_BEFORE,
            (Purpose.ANSWER, Purpose.OFF_HOURS, Purpose.WELCOME),
        ),
        (Moment.DEADLINE, speaks_at, (Purpose.ANSWER, Purpose.HOLDING)),
    )
    for moment, at, purposes in moments:
        until = max(at, row.at)
        considered = Considered(
            db, knowledge, look_at_buyer(db, shop, row.buyer, {row.session}, at, until=until)
        )
        then = considered.picture.item(row.id)
        session = considered.picture.sessions.get(row.session)
        if then is None or session is None:
            continue
        situation = situation_of(considered, session, then)
        sources = sources_of(considered, session, message_of(session, then))
        decide = decide_at_once if moment is Moment.ARRIVAL else decide_before_deadline
        decision = decide(situation, sources)
        groups += [
            _group_json(examine(situation, purpose, moment, sources), decision, at) for purpose in purposes
        ]
        match = _match_json(shop, considered.found_for(session, then))
    return groups, match


def _group_json(examined: Examined, decision: Decision, at: datetime) -> dict[str, Any]:
    says = isinstance(decision, Say) and decision.purpose is examined.purpose
    return {
        "moment": examined.moment.value,
        "purpose": examined.purpose.value,
        "as_of": at.isoformat(),
        "says": decision.text if isinstance(decision, Say) and says else None,
        "guards": _guards_json(examined),
    }


def _guards_json(examined: Examined) -> list[dict[str, Any]]:
    return [
        {"code": one.code, "name": one.name, "passed": one.passed, "why": one.why} for one in examined.guards
    ]


def _match_json(shop: Shop, found: Result) -> dict[str, Any]:
    """The candidates beside what the shop asks of them."""
    policy = shop.policy
    second = found.hits[1].score if len(found.hits) > 1 else 0.0
    return {
        "confident": found.confident,
        "min_score": policy.answer_min_score,
        "min_lead": policy.answer_min_lead,
        "lead": round(found.score - second, 4) if found.hits else None,
        "categories": list(policy.answer_categories),
        "candidates": [
            {
                "phrase_id": hit.phrase.id,
                "title": hit.phrase.title,
                "category": hit.phrase.category,
                "score": round(hit.score, 4),
                "enough": hit.score >= policy.answer_min_score,
                "category_allowed": not policy.answer_categories
                or hit.phrase.category in policy.answer_categories,
                "why": list(hit.why),
            }
            for hit in found.hits
        ],
    }


def _ladder(
    shop: Shop, story: Story, deadline: DeadlineRow | None, acts: Sequence[ActRow], now: datetime
) -> list[dict[str, Any]]:
    """The steps by the policy of now, and what happened at each."""
    if story.opened_at is None or story.deadline_at is None:
        return []
    due = steps(story.opened_at, story.deadline_at, shop.policy, shop.profile.warn_after_s)
    return [_step_json(one, story, deadline, acts, now) for one in due]


def _step_json(
    due: Due, story: Story, deadline: DeadlineRow | None, acts: Sequence[ActRow], now: datetime
) -> dict[str, Any]:
    ended = story.ended_by
    # A holding step has its act within a moment of its time; what was said at once came before it.
    act = next((one for one in acts if one.kind in _ACTS_OF[due.step] and one.at >= due.at), None)
    if act is not None:
        state, what = "done", act.title
    elif ended is not None and ended.message.at <= due.at:
        state, what = "not_needed", "在此之前已回复"
    elif deadline is None or deadline.due_at is None:
        state, what = "left_out", "这条消息没有走到这一步"
    elif due.at > now:
        state, what = "next" if deadline.step == due.step.value else "ahead", "还没有到"
    else:
        state, what = "passed", "没有单独处理：已过去，或由同一会话里更早的一条代表"
    return {
        "step": due.step.value,
        "name": STEP_NAMES[due.step],
        "due_at": due.at.isoformat(),
        "state": state,
        "what": what,
        "at": act.at.isoformat() if act is not None else None,
        "late": act.late if act is not None else False,
    }


def _clock_json(
    story: Story, edition: str, deadline: DeadlineRow | None, now: datetime
) -> dict[str, Any] | None:
    if story.opened_at is None or story.deadline_at is None:
        return None
    waiting = deadline is not None
    return {
        "opened_at": story.opened_at.isoformat(),
        "deadline_at": story.deadline_at.isoformat(),
        "seconds_left": round((story.deadline_at - now).total_seconds(), 3) if waiting else None,
        "edition": edition,
        "counted": story.counted,
        "missed": story.on_time is False or (deadline is not None and deadline.missed),
        "next_step": deadline.step if deadline is not None else None,
        "next_step_at": deadline.due_at.isoformat() if deadline is not None and deadline.due_at else None,
    }


def _answered_json(story: Story) -> dict[str, Any] | None:
    if not story.answers:
        return None
    return {
        "on_time": story.on_time,
        "counted": story.counted,
        "why": list(story.why),
        "messages": [_answer_json(answer) for answer in story.answers],
    }


def _answer_json(answer: Answer) -> dict[str, Any]:
    return {
        "id": answer.message.id,
        "at": answer.message.at.isoformat(),
        "sender": answer.message.sender.value if answer.message.sender is not None else None,
        "agent": answer.message.agent,
        "text": answer.message.text,
        "wait_s": answer.wait.total_seconds(),
        "counts": answer.counts,
    }


def _summary(
    shop: Shop,
    row: EventRow,
    story: Story,
    ladder: Sequence[dict[str, Any]],
    replies: Sequence[OutboxRow],
    decision: Decision | None,
) -> list[str]:
    """A few lines that a supervisor reads first, in the shop's time."""

    def clock(at: datetime | str) -> str:
        at = datetime.fromisoformat(at) if isinstance(at, str) else at
        return at.astimezone(shop.timezone).strftime("%H:%M:%S")

    lines = []
    if story.opened_at is not None and story.deadline_at is not None:
        lines.append(f"{clock(story.opened_at)} 起算，{clock(story.deadline_at)} 前要有算数的回复")
    lines += story.why
    lines += [
        f"{clock(step['at'])} {step['name']}：{step['what']}{'（补记，当时没有运行）' if step['late'] else ''}"
        for step in ladder
        if step["state"] == "done"
    ]
    for reply in replies:
        error = f"，最近一次失败：{reply.last_error}" if reply.last_error else ""
        sent = f"，{clock(reply.sent_at)} 送达" if reply.sent_at is not None else ""
        state = _STATES.get(reply.state, reply.state)
        lines.append(
            f"{clock(reply.created_at)} 机器要说“{reply.text}”：{state}，试了 {reply.attempts} 次{sent}{error}"
        )
    if isinstance(decision, Say):
        lines.append(f"到时候机器会说“{decision.text}”：{'；'.join(decision.reasons)}")
    elif decision is not None:
        lines.append(f"机器现在不说话：{'；'.join(decision.reasons)}")
    return lines


def _reply_json(row: OutboxRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "purpose": row.purpose,
        "sender": row.sender,
        "text": row.text,
        "phrase_id": row.phrase_id,
        "state": row.state,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "attempts": row.attempts,
        "next_attempt_at": row.due_at.isoformat() if row.due_at else None,
        "last_error": row.last_error,
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
    }


def _act_json(row: ActRow) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "kind": row.kind,
        "title": row.title,
        "text": row.text,
        "detail": row.detail,
        "late": row.late,
    }
