"""What a worker tells the panel, as values that the tests change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

HOSTILE = '<img src=x onerror="window.hit=1"> \u202e<b>好</b>'
ETA = {
    "name": "eta",
    "label": "预计时间",
    "type": "when",
    "pattern": "[0-9]+点",
    "hint": "应写明日期或时间，如 18点",
    "max_length": 500,
}


def at(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def waiting(session: str, text: str, left: float, window: float = 180, **more: Any) -> dict[str, Any]:
    return {
        "session": session,
        "buyer": f"buyer-{session}",
        "agent": None,
        "text": text,
        "kind": "text",
        "waiting_since": at(left - window),
        "deadline_at": at(left),
        "seconds_left": left,
        "counted": True,
        "note": None,
        "summary": None,
        "suggestions": [],
    } | more


def suggestion(number: int, *texts: str, **more: Any) -> dict[str, Any]:
    return {
        "phrase_id": f"p{number}",
        "title": f"话术 {number}",
        "category": "物流",
        "text": texts[0],
        "score": 0.9 - number / 10,
        "why": ["关键词：快递", "与例句「我的快递到哪了」相近"],
        "missing": [],
        "variables": [],
        "images": [],
        "owner": "team",
        "said": False,
        "message": "m1",
        "wordings": [
            {"text": text, "said": False, "variables": [ETA] if "{eta}" in text else []} for text in texts
        ],
    } | more


def state(**more: Any) -> dict[str, Any]:
    return {
        "type": "state",
        "waiting": [
            waiting("s1", "我的快递到哪了，都三天了", 142),
            waiting("s2", "可以便宜点吗？我买两件", 61, note="已自动回复，人工计时仍在走"),
            waiting("s3", "发票怎么开", 18),
            waiting("s4", "", -75, kind="image"),
            waiting("s5", "好的谢谢", 90, counted=False),
        ],
        "conversation": {"console": "conversejs", "session": "s1", "buyer": "buyer-s1", "buyer_name": "晴天"},
        "link": {"state": "up", "why": ""},
        "checking": True,
        "outbox": {"waiting": 0, "refused": 0},
        "offset_ms": 0,
    } | more


def detail(**more: Any) -> dict[str, Any]:
    return {
        "now": at(0),
        "session": "s1",
        "buyer": "buyer-s1",
        "buyer_name": "晴天",
        "agent": None,
        "closed_at": None,
        "message": {"id": "m1", "at": at(-38), "kind": "text", "text": "我的快递到哪了，都三天了"},
        "edition": "person-human-2023-03",
        "waiting": [
            {
                "item_id": "m1",
                "kind": "text",
                "text": "我的快递到哪了，都三天了",
                "opened_at": at(-38),
                "deadline_at": at(142),
                "seconds_left": 142,
                "counted": True,
                "reason_uncounted": None,
                "why_uncounted": None,
                "machine_counts": {"robot": False, "robot_assist": False},
                "note": "已自动回复，人工计时仍在走",
            }
        ],
        "suggestions": [
            suggestion(
                1, "亲，我帮您看一下物流，请稍等。", "亲，马上为您查包裹走到哪了～", "稍等，我去看看您的快递"
            ),
            suggestion(2, "亲，您的包裹预计 {eta} 到，到了给您留言。"),
            suggestion(3, "亲，快递已经在派送了，今天就能到。"),
        ],
        "prepared": None,
        "rating_advice": {
            "advice": "wait",
            "p_satisfied": 0.62,
            "reasons": ["这位买家还有 1 条消息在等回复"],
            "text": None,
        },
        "routing_advice": {
            "agent": "小林",
            "reason": "在线客服中接待最少（1 位）",
            "rule": "least_loaded",
            "group": None,
            "offline": None,
            "hints": [],
            "summary": None,
        },
        "summary": {
            "text": "还没答：我的快递到哪了；已答过：发什么快递；订单 …7654",
            "open_questions": ["我的快递到哪了，都三天了"],
            "answered": [{"question": "发什么快递", "answer": "亲，发中通", "agent": "小林"}],
            "promises": [{"at": at(-3600), "agent": "小林", "text": "我核实后稍晚回复您"}],
            "orders": ["…7654"],
            "items": ["折叠支架 银色"],
            "mood": "upset",
            "last_words": None,
        },
        "acts": [
            {
                "at": at(-20),
                "kind": "sent",
                "title": "已自动回复",
                "text": "亲，请稍等，客服马上就来。",
                "reasons": ["快到时限，没有人回复"],
                "late": False,
            },
            {
                "at": at(-40),
                "kind": "warned",
                "title": "已提醒客服",
                "text": "",
                "reasons": [],
                "late": False,
            },
        ],
    } | more


INVITED = {
    "advice": "invite",
    "p_satisfied": 0.93,
    "reasons": ["买家道谢：“谢谢亲”", "满意的可能 93%，高于目标 80%"],
    "text": "感谢您的耐心配合，稍后会给您发一张评价卡片，麻烦您按真实感受点一下。",
    "texts": ["亲，您的问题这边处理好了，方便的话请对我这次的服务做个评价。"],
    "effect": "好评率大约从 82.1% 到 82.3%",
}
