"""One conversation, and the phrases that an agent looks for in it: what a panel beside a chat console shows."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from sqlmodel import Session as Database

from app.core.clocks import UNCOUNTED
from app.core.fields import MAX_ID_LENGTH
from app.core.sessions import Session
from app.db.tables import ActRow, SessionRow
from app.usecases.considered import advice_with_effect, values_of
from app.usecases.conversation import Conversation, Waiting, read_conversation
from app.usecases.picture import look_at_buyer, said_to
from app.usecases.search_phrases import Found, search_phrases
from app.usecases.shops import Shop, read_shop
from app.usecases.wordings import wordings_json
from app.web.answers import routing_json
from app.web.auth import Reader, ServiceDep
from app.web.examples import CONVERSATION_RESPONSES, SEARCH_RESPONSES
from app.web.problems import Problem
from phrasebank import Bank
from phrasebank.occasion import Occasion

router = APIRouter(tags=["reading"])
MOST_FOUND = 50
SessionName = Annotated[str | None, Query(max_length=MAX_ID_LENGTH)]


@router.get(
    "/v1/sessions/{session:path}", summary="一个会话 / one conversation", responses=CONVERSATION_RESPONSES
)
async def get_conversation(session: str, service: ServiceDep, principal: Reader) -> JSONResponse:
    """What waits with its clocks, what fits in all wordings, rating and routing advice, what was said before, what the machine did.

    `seconds_left` is negative after the deadline.
    """
    now = service.clock()
    found = await service.read(
        lambda db: read_conversation(db, service.knowledge, principal.shop_id, session, now)
    )
    if found is None:
        raise unknown_session(session)
    return JSONResponse(conversation_json(found))


@router.get("/v1/phrases/search", summary="查话术 / search phrases", responses=SEARCH_RESPONSES)
async def get_search(
    service: ServiceDep,
    principal: Reader,
    q: Annotated[str, Query(max_length=200, description="快捷码 /tk，或几个字 / a short code, or words")],
    session: SessionName = None,
    agent: SessionName = None,
    top: Annotated[int, Query(ge=1, le=MOST_FOUND)] = 10,
) -> JSONResponse:
    """The phrases of a code (`/tk`, or without the slash), else those that answer or hold the words, in all their wordings.

    With `session` what is known there is filled in and what the buyer has read comes last; `agent` finds his own ones, too.
    """
    now = service.clock()

    def gather(db: Database) -> tuple[Shop, Bank, Session | None]:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        talk = None
        if session is not None:
            row = db.get(SessionRow, (shop.id, session))
            if row is None:
                raise unknown_session(session)
            talk = look_at_buyer(db, shop, row.buyer, {session}, now).sessions[session]
        return shop, service.knowledge.bank(db, shop), talk

    shop, bank, talk = await service.read(gather)
    item = talk.mentioned("item") if talk is not None else None
    occasion = Occasion(shop.profile.platform, item, agent, shop.day_of(now))
    hits = await asyncio.to_thread(search_phrases, bank, q, occasion, top)
    said = said_to(talk) if talk is not None else frozenset()
    values = values_of(shop, talk)
    return JSONResponse(
        {
            "query": q,
            "hits": [
                _found_json(hit) | {"wordings": wordings_json(hit.phrase, values, said)} for hit in hits
            ],
        }
    )


def unknown_session(session: str) -> Problem:
    return Problem(404, "unknown_session", f"没有会话 {session} / unknown session", field="session")


def conversation_json(found: Conversation) -> dict[str, Any]:
    """The answer of `GET /v1/sessions/{session}`."""
    session, message = found.session, found.message
    return {
        "now": found.now.isoformat(),
        "session": session.id,
        "buyer": session.buyer,
        "buyer_name": session.mentioned("buyer_name"),
        "agent": session.agent,
        "closed_at": session.closed_at.isoformat() if session.closed_at else None,
        "message": (
            {"id": message.id, "at": message.at.isoformat(), "kind": message.kind.value, "text": message.text}
            if message is not None
            else None
        ),
        "edition": found.edition,
        "waiting": [_waiting_json(each, found) for each in found.waiting],
        "suggestions": list(found.suggestions),
        "prepared": (
            {
                "text": found.prepared.text,
                "purpose": found.prepared.purpose,
                "expires_at": found.prepared.expires_at.isoformat(),
            }
            if found.prepared is not None
            else None
        ),
        "rating_advice": (
            advice_with_effect(found.advice, found.effect) if found.advice is not None else None
        ),
        "routing_advice": routing_json(found.routing, None) if found.routing is not None else None,
        "summary": found.recap.to_json() if found.recap is not None else None,
        "acts": [_act_json(act) for act in found.acts],
    }


def _waiting_json(waiting: Waiting, found: Conversation) -> dict[str, Any]:
    item, message = waiting.item, waiting.message
    return {
        "item_id": item.item_id,
        "kind": message.kind.value if message is not None else None,
        "text": message.text if message is not None else "",
        "opened_at": item.at.isoformat(),
        "deadline_at": item.deadline_at.isoformat(),
        "seconds_left": round((item.deadline_at - found.now).total_seconds(), 3),
        "counted": item.counted,
        "reason_uncounted": item.reason_uncounted,
        "why_uncounted": UNCOUNTED.get(item.reason_uncounted or ""),
        "machine_counts": {"robot": item.counts_robot, "robot_assist": item.counts_assist},
        "note": waiting.note,
    }


def _act_json(act: ActRow) -> dict[str, Any]:
    return {
        "at": act.at.isoformat(),
        "kind": act.kind,
        "title": act.title,
        "text": act.text,
        "reasons": list(act.detail.get("reasons", ())),
        "late": act.late,
    }


def _found_json(found: Found) -> dict[str, Any]:
    phrase = found.phrase
    return {
        "phrase_id": phrase.id,
        "title": phrase.title,
        "category": phrase.category,
        "code": phrase.code,
        "owner": phrase.owner,
        "images": list(phrase.images),
        "score": found.score,
        "why": list(found.why),
    }
