"""Bodies and answers as the OpenAPI document shows them, where a route reads the raw body itself."""

from __future__ import annotations

from typing import Any, Final

_EVENT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["id", "type", "at"],
    "additionalProperties": True,
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 200, "description": "每店唯一 / unique per shop"},
        "type": {
            "type": "string",
            "enum": [
                "message", "message_withdrawn", "handover", "assigned", "session_opened", "session_closed",
                "invite_sent", "rating", "buyer_flagged", "agent_online", "agent_offline",
            ],
        },
        "at": {"type": "string", "format": "date-time"},
        "session": {"type": "string", "maxLength": 200},
        "buyer": {"type": "string", "maxLength": 200},
        "agent": {"type": "string", "maxLength": 200},
        "sender": {"type": "string", "enum": ["buyer", "agent", "robot", "robot_assist", "welcome", "system"]},
        "kind": {"type": "string", "enum": ["text", "image", "card", "emoji", "file", "voice"]},
        "text": {"type": "string", "maxLength": 20000},
        "item": {"description": "买家在看的商品 / the item in question"},
        "order_state": {"description": "订单状态，用来分流 / state of the order, for routing"},
        "entry": {"description": "进线页面，用来分流 / the page from which the buyer came"},
        "item_name": {"description": "商品名 / its name"},
        "order_no": {"description": "订单号，如订单卡片里的 / an order number, as of an order card"},
        "buyer_name": {"description": "买家称呼 / what the buyer is called"},
    },
}  # fmt: skip
_EVENT: Final = {
    "id": "m-1001",
    "type": "message",
    "at": "2026-11-22T10:00:00+08:00",
    "session": "s-88",
    "buyer": "b-7",
    "sender": "buyer",
    "text": "我的快递到哪了",
}
_ANSWER: Final[dict[str, Any]] = {
    "results": [
        {
            "id": "m-1001",
            "status": "accepted",
            "decision": {
                "clock": {
                    "item_id": "m-1001",
                    "opened_at": "2026-11-22T10:00:00+08:00",
                    "deadline_at": "2026-11-22T02:03:00+00:00",
                    "seconds_left": 178.4,
                    "counted": True,
                    "reason_uncounted": None,
                    "edition": "person-human-2023-03",
                    "machine_counts": {"robot": False, "robot_assist": False},
                    "note": None,
                },
                "suggestions": [
                    {
                        "phrase_id": "track-where",
                        "title": "查物流",
                        "category": "物流",
                        "text": "亲，我帮您看一下物流，请稍等。",
                        "score": 0.91,
                        "why": ["关键词：快递"],
                        "missing": [],
                        "variables": [],
                        "images": [],
                        "owner": "team",
                        "said": False,
                    }
                ],
                "auto_reply": None,
                "rating_advice": None,
                "routing_advice": {
                    "agent": "小林",
                    "reason": "在线客服中接待最少（1 位）",
                    "rule": "least_loaded",
                    "group": None,
                    "offline": None,
                    "hints": [],
                    "summary": None,
                },
                "findings": [],
            },
        }
    ]
}


def problem(reason: str, title: str, status: int) -> dict[str, Any]:
    """One documented error answer."""
    return {
        "description": title,
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "reason"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "reason": {"type": "string"},
                        "detail": {"type": "string"},
                    },
                },
                "example": {
                    "type": f"urn:miaohui:problem:{reason}",
                    "title": title,
                    "status": status,
                    "reason": reason,
                },
            }
        },
    }


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: problem("not_json", "请求体不是合法的 JSON", 400),
    401: problem("bad_key", "API 密钥无效或已停用", 401),
    403: problem("missing_scope", "这个密钥没有需要的权限", 403),
    404: problem("not_found", "没有找到", 404),
    413: problem("body_too_large", "请求太大", 413),
    422: problem("wrong_type", "字段不对", 422),
    503: problem("overloaded", "暂时太忙，请稍后重试", 503),
}
"""Error answers that any route may give."""
_RESPONSES: Final[dict[str, Any]] = {
    "200": {"description": "已落盘 / durable", "content": {"application/json": {"example": _ANSWER}}},
    "409": problem("conflict", "id 已有不同内容", 409),
    "429": problem("too_many_requests", "这家店发得太快，请稍后再发", 429),
}
REPLAY_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    409: problem("not_replayed", "已过时限，机器不再补发；需要时请人工回复", 409)
}


def _body(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}}


EVENTS_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {"oneOf": [_EVENT_SCHEMA, {"type": "array", "items": _EVENT_SCHEMA, "minItems": 0, "maxItems": 500}]},
        {"one": {"summary": "一个事件", "value": _EVENT}, "batch": {"summary": "一批", "value": [_EVENT]}},
    ),
    "responses": _RESPONSES,
}
HOOK_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {}, "examples": {"generic": {"value": _EVENT}}},
            "text/xml": {"schema": {"type": "string"}},
        },
    },
    "responses": _RESPONSES,
}
HANDSHAKE_OPENAPI: Final[dict[str, Any]] = {
    "responses": {
        "200": {
            "description": "客服台要读到的内容 / what the console wants to read",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    }
}
LINT_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "properties": {
                "text": {"type": "string", "maxLength": 20000},
                "texts": {"type": "array", "items": {"type": "string"}, "maxItems": 500},
                "channel": {"type": "string", "enum": ["live", "template", "auto", "listing"]},
                "platform": {"type": "string"},
                "earlier": {"type": "array", "items": {"type": "string"}, "maxItems": 500},
                "fixes": {"type": "boolean", "description": "附改法 / say what to write instead"},
            },
        },
        {
            "one": {"value": {"text": "亲，这款是全网最低价哦", "channel": "live"}},
            "many": {"value": {"texts": ["请稍等", "不知道！"], "channel": "template"}},
        },
    ),
    "responses": {
        "200": {
            "description": "检查结果 / reports",
            "content": {"application/json": {}, "application/sarif+json": {}},
        }
    },
}
SUGGEST_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "required": ["text"],
            "properties": {
                "text": {"type": "string", "maxLength": 20000},
                "context": {"type": "array", "items": {"type": "string"}, "maxItems": 500},
                "top": {"type": "integer", "minimum": 1, "maximum": 20},
                "item": {"type": "string", "maxLength": 200},
                "agent": {"type": "string", "maxLength": 200},
                "said": {"type": "array", "items": {"type": "string"}, "maxItems": 500},
            },
        },
        {
            "one": {"value": {"text": "什么时候发货", "context": []}},
            "for_an_item": {
                "summary": "知道商品和客服时",
                "value": {"text": "什么时候发货", "item": "7788001", "agent": "小林"},
            },
        },
    )
}
PHRASE_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "additionalProperties": True,
            "properties": {
                "id": {"type": "string", "maxLength": 200},
                "category": {"type": "string"},
                "title": {"type": "string"},
                "text": {"type": "string", "maxLength": 20000},
                "keywords": {"type": "array", "items": {"type": "string"}},
                "examples": {"type": "array", "items": {"type": "string"}},
                "variants": {"type": "array", "items": {"type": "string"}},
                "code": {"type": "string"},
                "owner": {"type": "string", "description": "team，或客服 id / team, or an agent's id"},
                "not_examples": {"type": "array", "items": {"type": "string"}},
                "items": {"type": "array", "items": {"type": "string"}},
                "images": {"type": "array", "items": {"type": "string"}},
                "valid_from": {"type": "string", "description": "2026-11-01；空为不限 / empty: open"},
                "valid_until": {"type": "string", "description": "含当天 / inclusive"},
                "state": {"type": "string", "enum": ["approved", "draft", "retired"]},
            },
        },
        {
            "one": {
                "value": {"category": "发货", "title": "几点发货", "text": "亲，当天 16 点前的订单当天发出。"}
            },
            "for_an_item": {
                "summary": "某件商品、某段日子专用，先存为草稿",
                "value": {
                    "category": "活动",
                    "text": "亲，这款双十一期间买一送一。",
                    "items": ["7788001"],
                    "valid_from": "2026-11-01",
                    "valid_until": "2026-11-11",
                    "state": "draft",
                },
            },
            "approve": {"summary": "审核通过（PATCH）", "value": {"state": "approved"}},
        },
    )
}
RESTORE_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "change": {"type": "string", "maxLength": 200},
                "undo": {"type": "string", "maxLength": 200},
            },
        },
        {
            "restore": {
                "summary": "恢复到这次修改之后的样子",
                "value": {"change": "0000000012-0000000"},
            },
            "undo": {"summary": "只撤销这次修改", "value": {"undo": "0000000012-0000000"}},
        },
    ),
    "responses": {
        "404": problem("unknown_change", "没有这条修改", 404),
        "409": problem("changed_since", "这一列后来又改过，不能单独撤销", 409),
    },
}
_FEEDBACK_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["id", "phrase_id", "verdict"],
    "properties": {
        "id": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "每店唯一 / unique per shop",
        },
        "phrase_id": {"type": "string", "maxLength": 200},
        "verdict": {"type": "string", "enum": ["accepted", "rejected"]},
        "message": {"type": "string", "maxLength": 200, "description": "买家消息 id，与 text 二者取一"},
        "text": {"type": "string", "maxLength": 20000, "description": "买家原话，与 message 二者取一"},
        "by": {"type": "string", "maxLength": 200, "description": "客服 / agent"},
        "at": {"type": "string", "format": "date-time"},
    },
}
_FEEDBACK: Final = {
    "id": "panel-7f3a",
    "phrase_id": "track-where",
    "verdict": "accepted",
    "message": "m-1001",
    "by": "小林",
}
FEEDBACK_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {"oneOf": [_FEEDBACK_SCHEMA, {"type": "array", "items": _FEEDBACK_SCHEMA, "maxItems": 500}]},
        {"one": {"value": _FEEDBACK}, "batch": {"value": [_FEEDBACK]}},
    ),
    "responses": {"409": problem("conflict", "id 已有不同内容", 409)},
}
IMPORT_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
CARE_ACTIONS_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "required": ["actions"],
            "properties": {
                "actions": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 500,
                    "items": {
                        "type": "object",
                        "required": ["do", "ids"],
                        "properties": {
                            "do": {
                                "type": "string",
                                "enum": [
                                    "merge", "retire", "extend", "clear-code", "add-examples", "remove-examples", "add-keywords",
                                    "remove-keywords", "keywords-to-examples", "add-not-keywords", "remove-not-keywords", "draft",
                                ],
                            },
                            "ids": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                            "into": {"type": "string"},
                            "texts": {"type": "array", "items": {"type": "string"}},
                            "until": {"type": "string", "description": "2026-11-30"},
                            "title": {"type": "string"},
                            "text": {"type": "string"},
                            "seen": {"type": "object", "additionalProperties": {"type": "string"}},
                        },
                    },
                }
            },
        },
        {"one": {"value": {"actions": [{"do": "add-keywords", "ids": ["ship-when"], "texts": ["几号寄出"]}]}}},
    )
}  # fmt: skip
CHANNEL_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 60},
                "address": {
                    "type": "string",
                    "maxLength": 1000,
                    "description": "机器人的 Webhook 地址，或 apprise 地址；保存后不再显示 / never shown again",
                },
                "secret": {"type": "string", "description": "钉钉“加签”的 SEC…"},
                "kind": {"type": "string", "description": "webhook 背后是短信网关时填 sms"},
                "role": {"type": "string", "enum": ["agent", "supervisor", "owner"]},
                "agents": {"type": "array", "items": {"type": "string"}, "maxItems": 200},
                "occasions": {
                    "type": "array",
                    "items": {"enum": ["warned", "warned_last", "dead", "missed", "escalated"]},
                },
                "after_s": {"type": "integer", "minimum": 0, "maximum": 86400},
                "hours": {"type": "string", "description": "08:00-24:00"},
                "max_per_hour": {"type": "integer", "minimum": 1, "maximum": 600},
                "max_per_day": {"type": "integer", "minimum": 1, "maximum": 5000},
                "digest_s": {"type": "integer", "minimum": 0, "maximum": 3600},
                "waited_over_s": {"type": "integer", "minimum": 0, "maximum": 86400},
                "active": {"type": "boolean"},
            },
        },
        {
            "group": {
                "summary": "主管群的钉钉机器人",
                "value": {
                    "name": "主管群",
                    "address": "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef",
                    "role": "supervisor",
                },
            },
            "agent": {
                "summary": "小林自己的企业微信群机器人",
                "value": {
                    "name": "小林",
                    "address": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6",
                    "role": "agent",
                    "agents": ["小林"],
                },
            },
        },
    )
}
TRIAL_OPENAPI: Final[dict[str, Any]] = {
    "responses": {
        "429": problem("too_often", "已到这个渠道的发送上限", 429),
        "502": problem("not_delivered", "测试消息没有送达", 502),
    }
}
EXPLAIN_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "required": ["event"],
            "properties": {"event": {"type": "string", "maxLength": 200}},
        },
        {"one": {"value": {"event": "m-1001"}}},
    )
}
_ADVICE: Final[dict[str, Any]] = {
    "advice": "invite",
    "code": "ready",
    "p_satisfied": 0.93,
    "reasons": ["买家已道谢或确认没有问题了", "满意的可能 93%，高于目标 90%"],
    "text": "亲，这次的服务您觉得怎么样？方便的话请给个评价，您的意见我们会认真看。",
    "texts": ["亲，这次的服务您觉得怎么样？方便的话请给个评价，您的意见我们会认真看。"],
    "waits_for": None,
    "until": None,
    "invitation": None,
    "at_risk": False,
    "effect": {
        "p_good": 0.93,
        "target": "9/10",
        "break_even": 0.9,
        "good_per_bad": "9",
        "worth_it": True,
        "standing": {
            "measure": "好评率",
            "period": "本周",
            "numerator": 41,
            "denominator": 52,
            "rate": "41/52",
        },
        "expected": 0.791132,
        "if_good": "42/53",
        "if_bad": "41/53",
        "needed": 58,
        "text": "本周好评率 41/52=78.8%，邀请后预计 79.1%（好评 79.2%，中差评 77.4%）…",
    },
}
ADVICE_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "有 session 时是这个会话的建议；没有时是现在适合邀评的会话和有差评风险的会话。"
        "advice 为 null：店里还没有人说过话。",
        "content": {
            "application/json": {
                "examples": {
                    "one": {
                        "value": {
                            "now": "2026-11-22T10:20:00+08:00",
                            "session": "s-88",
                            "buyer": "b-7",
                            "agent": "小林",
                            "advice": _ADVICE,
                        }
                    },
                    "all": {
                        "value": {
                            "now": "2026-11-22T10:20:00+08:00",
                            "standing": _ADVICE["effect"]["standing"],
                            "target": "9/10",
                            "sessions": [
                                {"session": "s-88", "buyer": "b-7", "agent": "小林", "advice": _ADVICE}
                            ],
                            "at_risk": [],
                        }
                    },
                }
            }
        },
    },
    404: problem("unknown_session", "没有这个会话", 404),
}
TYPING_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "required": ["session", "agent"],
            "properties": {
                "session": {"type": "string", "maxLength": 200},
                "agent": {"type": "string", "maxLength": 200},
            },
        },
        {"one": {"value": {"session": "s-88", "agent": "小林"}}},
    ),
    "responses": {"404": problem("unknown_session", "没有这个会话", 404)},
}
WHOAMI_OPENAPI: Final[dict[str, Any]] = {
    "responses": {
        "200": {
            "description": "密钥属于谁，以及本服务的时钟和版本 / whose key it is, our clock and version",
            "content": {
                "application/json": {
                    "example": {
                        "shop": "tea",
                        "name": "一盏茶旗舰店",
                        "platform": "kuaishou",
                        "key": {
                            "id": "5f2c0a91b3de",
                            "label": "小林",
                            "scopes": ["events", "lint", "read"],
                        },
                        "at": "2026-11-22T04:00:00+00:00",
                        "signature_tolerance_s": 300,
                        "version": "0.1.0",
                    }
                }
            },
        }
    },
}
_VARIABLE: Final = {
    "name": "eta",
    "label": "预计时间",
    "type": "when",
    "pattern": None,
    "hint": "应写明日期或时间，如 11月3日、明天 18:00 前",
    "max_length": 500,
}
_WORDINGS: Final = [
    {"text": "亲，您的包裹在路上，预计 {eta} 到。", "said": False, "variables": [_VARIABLE]},
    {"text": "亲，我帮您看一下物流，请稍等。", "said": True, "variables": []},
]
CONVERSATION_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "这个会话 / the conversation",
        "content": {
            "application/json": {
                "example": {
                    "now": "2026-11-22T02:00:01.600000+00:00",
                    "session": "s-88",
                    "buyer": "b-7",
                    "buyer_name": "晴天",
                    "agent": None,
                    "closed_at": None,
                    "message": {
                        "id": "m-1001",
                        "at": "2026-11-22T02:00:00+00:00",
                        "kind": "text",
                        "text": "我的快递到哪了",
                    },
                    "edition": "person-human-2023-03",
                    "waiting": [
                        {
                            "item_id": "m-1001",
                            "kind": "text",
                            "text": "我的快递到哪了",
                            "opened_at": "2026-11-22T02:00:00+00:00",
                            "deadline_at": "2026-11-22T02:03:00+00:00",
                            "seconds_left": 178.4,
                            "counted": True,
                            "reason_uncounted": None,
                            "why_uncounted": None,
                            "machine_counts": {"robot": False, "robot_assist": False},
                            "note": None,
                        }
                    ],
                    "suggestions": [
                        _ANSWER["results"][0]["decision"]["suggestions"][0]
                        | {"message": "m-1001", "wordings": _WORDINGS}
                    ],
                    "prepared": None,
                    "rating_advice": None,
                    "routing_advice": None,
                    "summary": None,
                    "acts": [
                        {
                            "at": "2026-11-22T01:20:00+00:00",
                            "kind": "sent",
                            "title": "已自动回复",
                            "text": "亲，请稍等。",
                            "reasons": ["快到时限，没有人回复"],
                            "late": False,
                        }
                    ],
                }
            }
        },
    },
    404: problem("unknown_session", "没有这个会话", 404),
}
SEARCH_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "找到的话术，最合适的在前 / the phrases found, best first",
        "content": {
            "application/json": {
                "example": {
                    "query": "/wl",
                    "hits": [
                        {
                            "phrase_id": "track-where",
                            "title": "查物流",
                            "category": "物流",
                            "code": "wl",
                            "owner": "team",
                            "images": [],
                            "score": 1.0,
                            "why": ["快捷码：/wl"],
                            "wordings": _WORDINGS,
                        }
                    ],
                }
            }
        },
    },
    404: problem("unknown_session", "没有这个会话", 404),
}
_SHOWN: Final[dict[str, Any]] = {
    "rule": "ad-law/lowest-price",
    "severity": "error",
    "name": "全网最低价",
    "match": "全网最低价",
    "message": "无法举证的价格比较",
    "suggestion": "改说具体优惠",
}
_OVERRIDE: Final = {
    "id": "ov-7f3a",
    "session": "s-88",
    "agent": "小林",
    "text": "这款真的是全网最低价",
    "reason": "买家要求原话确认",
    "findings": [_SHOWN],
}
OVERRIDE_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "required": ["id", "session", "agent", "text", "findings"],
            "properties": {
                "id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 200,
                    "description": "每店唯一；同一次发送重报时不变 / the same when it is told again",
                },
                "session": {"type": "string", "minLength": 1, "maxLength": 200},
                "agent": {"type": "string", "minLength": 1, "maxLength": 200},
                "text": {"type": "string", "minLength": 1, "maxLength": 20000},
                "reason": {"type": "string", "maxLength": 200, "description": "为什么仍要发送 / why"},
                "at": {"type": "string", "format": "date-time"},
                "findings": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 50,
                    "items": {
                        "type": "object",
                        "required": ["rule", "severity"],
                        "properties": {
                            "rule": {"type": "string", "minLength": 1, "maxLength": 200},
                            "severity": {"type": "string", "minLength": 1, "maxLength": 200},
                            "match": {"type": "string", "maxLength": 500},
                            "name": {"type": "string", "maxLength": 500},
                            "message": {"type": "string", "maxLength": 500},
                            "suggestion": {"type": "string", "maxLength": 500},
                        },
                    },
                },
            },
        },
        {"one": {"value": _OVERRIDE}},
    ),
    "responses": {"409": problem("conflict", "id 已有不同内容", 409)},
}
OVERRIDES_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "最近的在前 / the latest first",
        "content": {
            "application/json": {"example": {"overrides": [_OVERRIDE | {"at": "2026-11-22T02:01:10+00:00"}]}}
        },
    }
}
_WHY: Final = {"type": "string", "maxLength": 500, "description": "为什么改，记入历史 / why, for the history"}
_BASED_ON: Final = {
    "type": "integer",
    "minimum": 0,
    "description": "从哪一版开始改的 / the version that the change started from",
}
_KNOBS: Final = {
    "type": "object",
    "description": "见 GET /v1/policy?with=knobs / see there",
    "additionalProperties": True,
}
_POLICY_PROBLEMS: Final = {
    "409": problem("changed_meanwhile", "策略已被别人改过；附现在的版本和改动", 409),
    "422": problem("bad_policy", "有设置不能用；faults 逐项说明", 422),
}
PUT_POLICY_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "required": ["policy", "based_on"],
            "properties": {"policy": _KNOBS, "based_on": _BASED_ON, "why": _WHY},
        },
        {
            "whole": {
                "value": {"policy": {"holding": True, "hold_before_s": 30}, "based_on": 3, "why": "双十一"}
            }
        },
    ),
    "responses": _POLICY_PROBLEMS,
}
PATCH_POLICY_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "required": ["changes"],
            "properties": {"changes": _KNOBS, "based_on": _BASED_ON, "why": _WHY},
        },
        {
            "silence": {
                "summary": "立即让机器停止说话",
                "value": {"changes": {"robot_on": False}, "why": "物流爆仓"},
            },
            "some": {"value": {"changes": {"hold_before_s": 30}, "based_on": 3}},
        },
    ),
    "responses": _POLICY_PROBLEMS,
}
RESTORE_POLICY_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {"type": "object", "properties": {"based_on": _BASED_ON, "why": _WHY}},
        {"restore": {"value": {"why": "新的没效果"}}},
    ),
    "responses": _POLICY_PROBLEMS | {"404": problem("unknown_version", "没有这一版", 404)},
}
DRY_RUN_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "properties": {
                "policy": _KNOBS,
                "changes": _KNOBS,
                "days": {"type": "integer", "minimum": 1, "maximum": 31, "default": 3},
            },
        },
        {"some": {"value": {"changes": {"answer": "at_once"}, "days": 3}}},
    ),
    "responses": {
        "422": _POLICY_PROBLEMS["422"],
        "503": problem("rehearsing", "已有一次试跑在进行，请稍后再试", 503),
    },
}
RATING_SCALE_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {
            "type": "object",
            "properties": {
                "on": {"type": "boolean"},
                "based_on": {"type": "integer", "minimum": 0},
                "why": {"type": "string", "maxLength": 500},
            },
            "required": ["on", "based_on"],
        },
        {"on": {"value": {"on": True, "based_on": 0, "why": "双十一后的评价够多了"}}},
    ),
    "responses": {
        "409": problem("not_better", "用过去的评价检验，看不出校准后更准", 409),
        "422": problem("wrong_type", "on 必须是 true 或 false", 422),
    },
}
HOURS_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {"type": "object"},
        {
            "week": {
                "summary": "每周、放假、临时关店、班次",
                "value": {
                    "week": {
                        **{day: ["09:00-22:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
                        "sat": ["10:00-18:00"],
                        "sun": [],
                    },
                    "holidays": {"calendar": "china", "hours": ["10:00-16:00"], "make_up_like": "mon"},
                    "days": {"2026-11-11": {"hours": ["00:00-24:00"], "note": "大促"}},
                    "closings": [
                        {
                            "from": "2026-12-01T14:00:00+08:00",
                            "until": "2026-12-01T16:00:00+08:00",
                            "reason": "盘点",
                        }
                    ],
                    "shifts": {"小林": {"week": {"mon": ["09:00-17:00"]}, "days": {"2026-11-23": []}}},
                    "suspended": [{"from": "2027-02-05", "to": "2027-02-12", "note": "平台春节公告"}],
                },
            }
        },
    ),
    "responses": {
        "412": problem("changed_meanwhile", "别人刚改过，您的还没有保存", 412),
        "422": problem("bad_document", "有 2 处不对，原来的没有改动", 422),
    },
}
ROSTER_OPENAPI: Final[dict[str, Any]] = {
    "requestBody": _body(
        {"type": "object"},
        {
            "groups": {
                "summary": "两组客服",
                "value": {
                    "agents": [
                        {"id": "小林", "groups": ["售前"], "limit": 8},
                        {"id": "阿美", "groups": ["售后"], "limit": 5, "skills": ["退换货"]},
                    ],
                    "groups": [
                        {"id": "售前", "fallback": "售后"},
                        {
                            "id": "售后",
                            "select": {"order_states": ["已发货", "退款中"], "keywords": ["退货", "退款"]},
                            "offline": {"rule": "leave"},
                        },
                    ],
                    "default_group": "售前",
                    "default_limit": 6,
                },
            }
        },
    ),
    "responses": {
        "412": problem("changed_meanwhile", "别人刚改过，您的还没有保存", 412),
        "422": problem("bad_document", "有 2 处不对，原来的没有改动", 422),
    },
}
