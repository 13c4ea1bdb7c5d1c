"""A second reading of the knobs, deliberately naive: plain dicts, whole datetimes, a search for every question.

Written from the text of the contract, not from the evaluator, so that an error must be made twice to stay unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from app.core.events import Event

DEFAULTS: Mapping[str, Any] = {
    "unit": "message",
    "window_s": 180,
    "inclusive": True,
    "hours": ["08:00:00", "24:00:00"],
    "hours_end_inclusive": False,
    "assess_by": "buyer_message",
    "burst": "each",
    "session_rule": "all_items",
    "robot": "ignore",
    "welcome": "ignore",
    "robot_only": "keep",
    "clock_start": "buyer_message",
    "dedupe": "day",
    "closing": "count",
    "withdrawn": "keep",
    "spam": "keep",
    "cross_day": "keep",
    "offline_leave": "count",
    "suspended": [],
    "tz": "Asia/Shanghai",
}
COUNTING = {
    "ignore": {"agent"},
    "assist_only": {"agent", "robot_assist"},
    "counts": {"agent", "robot_assist", "robot"},
}


def count(
    events: Iterable[Event],
    settings: Mapping[str, Any],
    as_of: datetime | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
) -> tuple[int, int, int]:
    """(numerator, denominator, pending) of a reply definition."""
    knob = {**DEFAULTS, **settings}
    known: list[Event] = []
    for event in events:
        if event.id not in [other.id for other in known] and (as_of is None or event.at <= as_of):
            known.append(event)
    known.sort(key=lambda event: event.at)
    items = [item for item in _items(known, knob) if _assessed(item, known, knob, first_day, last_day)]
    verdicts = [_verdict(item, knob, as_of) for item in items]
    if knob["unit"] in ("message", "turn"):
        return _tally(verdicts)
    units: dict[Any, list[int]] = {}
    for index, item in enumerate(items):
        units.setdefault(_unit_of(item, known, knob), []).append(index)
    return _tally(
        [_unit_verdict([(items[i], verdicts[i]) for i in members], knob) for members in units.values()]
    )


def _tally(verdicts: list[str]) -> tuple[int, int, int]:
    good, missed = verdicts.count("good"), verdicts.count("missed")
    return good, good + missed, verdicts.count("pending")


def _of_type(events: list[Event], kind: str, session: str | None) -> list[Event]:
    return [event for event in events if event.type == kind and event.session == session]


def _items(known: list[Event], knob: Mapping[str, Any]) -> list[dict[str, Any]]:
    senders = COUNTING[knob["robot"]] | ({"welcome"} if knob["welcome"] == "counts" else set())
    items = []
    for session in dict.fromkeys(event.session for event in known if event.session):
        said = _of_type(known, "message", session)
        handovers = _of_type(known, "handover", session)
        human = handovers or [m for m in said if m.sender in ("agent", "robot_assist")]
        if knob["robot_only"] == "exclude" and any(m.sender == "robot" for m in said) and not human:
            continue
        asked = [m for m in said if m.sender == "buyer"]
        before: list[Event] = []
        if knob["clock_start"] == "transfer" and handovers:
            before = [m for m in asked if m.at < handovers[0].at]
            asked = [m for m in asked if m.at >= handovers[0].at]
            if not any(m.at == handovers[0].at for m in asked):
                asked.insert(0, handovers[0])
        flags = [event.flag for event in _of_type(known, "buyer_flagged", session)]
        mine = []
        for m in asked:
            replies = [
                r
                for r in known
                if r.type == "message" and r.buyer == m.buyer and r.sender in senders and r.at >= m.at
            ]
            reply = replies[0] if replies else None
            if m.type == "handover":
                spam = _is_spam(None, flags, knob) or bool(
                    before and all(_is_spam(b.spam, flags, knob) for b in before)
                )
                dropped = spam
            else:
                dropped = _is_spam(m.spam, flags, knob)
                dropped |= knob["offline_leave"] == "drop" and m.offline is True
                gone = [w.at for w in known if w.type == "message_withdrawn" and w.message == m.id]
                if knob["withdrawn"] == "drop_if_before_reply" and gone:
                    dropped |= reply is None or min(gone) < reply.at
                dropped |= knob["closing"] == "ignore_courtesy" and m.courtesy is True and reply is None
            if not dropped:
                mine.append({"message": m, "reply": reply, "session": session})
        if knob["burst"] == "first":
            seen: list[Any] = []
            heads = []
            for item in mine:
                name = item["reply"].id if item["reply"] else None
                if name not in seen:
                    seen.append(name)
                    heads.append(item)
            mine = heads
        assigned = _of_type(known, "assigned", session)
        for item in mine:
            item["start"] = item["message"].at
            if knob["clock_start"] == "assigned" and assigned:
                item["start"] = max(item["start"], assigned[0].at)
        items += mine
    return items


def _is_spam(mark: str | None, flags: list[str | None], knob: Mapping[str, Any]) -> bool:
    marks = {mark} | {flag[5:] for flag in flags if flag}
    unwanted = {
        "keep": set(),
        "drop_system": {"system"},
        "drop_system_and_reported": {"system", "reported"},
    }[knob["spam"]]
    return bool(marks & unwanted)


def _moment(item: dict[str, Any], known: list[Event], knob: Mapping[str, Any]) -> datetime:
    at = item["message"].at
    if knob["assess_by"] == "session_start":
        asked = [m for m in _of_type(known, "message", item["session"]) if m.sender == "buyer"]
        at = asked[0].at if asked else at
    return at.astimezone(ZoneInfo(knob["tz"]))


def _assessed(
    item: dict[str, Any], known: list[Event], knob: Mapping[str, Any], first: date | None, last: date | None
) -> bool:
    zone = ZoneInfo(knob["tz"])
    reply = item["reply"]
    if (
        knob["cross_day"] == "drop_if_reply_other_day"
        and reply
        and reply.at.astimezone(zone).date() != item["message"].at.astimezone(zone).date()
    ):
        return False
    at = _moment(item, known, knob)
    start, end = knob["hours"]
    clock = at.time()
    if clock < time.fromisoformat(start):
        return False
    if end != "24:00:00" and clock >= time.fromisoformat(end):
        exactly = clock == time.fromisoformat(end)
        if not (exactly and knob["hours_end_inclusive"]):
            return False
    if any(start <= at.date().isoformat() <= end for start, end in knob["suspended"]):
        return False
    return (first is None or at.date() >= first) and (last is None or at.date() <= last)


def _verdict(item: dict[str, Any], knob: Mapping[str, Any], as_of: datetime | None) -> str:
    def on_time(at: datetime) -> bool:
        window = timedelta(seconds=knob["window_s"])
        return bool(at - item["start"] <= window if knob["inclusive"] else at - item["start"] < window)

    if item["reply"] is not None:
        return "good" if on_time(item["reply"].at) else "missed"
    return "pending" if as_of is not None and on_time(as_of) else "missed"


def _unit_of(item: dict[str, Any], known: list[Event], knob: Mapping[str, Any]) -> Any:
    if knob["unit"] == "session":
        return item["session"]
    buyer = item["message"].buyer
    return buyer if knob["dedupe"] == "period" else (buyer, _moment(item, known, knob).date())


def _unit_verdict(members: list[tuple[dict[str, Any], str]], knob: Mapping[str, Any]) -> str:
    if knob["session_rule"] == "first_item":
        return min(members, key=lambda member: member[0]["message"].at)[1]
    verdicts = [verdict for _, verdict in members]
    if knob["session_rule"] == "all_items":
        return "missed" if "missed" in verdicts else "pending" if "pending" in verdicts else "good"
    if any(item["reply"] is None and verdict == "missed" for item, verdict in members):
        return "missed"
    if "pending" in verdicts:
        return "pending"
    waits = [max(timedelta(0), item["reply"].at - item["start"]) for item, _ in members]
    mean = Fraction(sum(wait // timedelta(microseconds=1) for wait in waits), len(waits) * 1_000_000)
    return "good" if mean < knob["window_s"] or (knob["inclusive"] and mean == knob["window_s"]) else "missed"
