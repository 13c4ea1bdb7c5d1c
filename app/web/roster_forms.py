"""The form of a roster: the document as the texts of fields, and back; as `app.web.hours_forms`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.core.roster import Roster
from app.web.row_fields import (
    NUMBER,
    Fields,
    Reading,
    Row,
    names_in,
    number_in,
    numbered,
    rows_of,
    text_of,
    with_spare,
)

AGENT: Final = ("id", "name", "groups", "limit", "skills", "note")
SELECTORS: Final = ("items", "order_states", "entries", "keywords")
GROUP: Final = ("id", "name", *SELECTORS, "fallback", "rule", "agent")
KINDS: Final[Mapping[str, Sequence[str]]] = {"agent": AGENT, "group": GROUP}
"""Kind of row -> its columns."""
SINGLE: Final = ("default_group", "default_limit", "returning_buyer_hours", "rule", "agent")


def shown_of(document: Mapping[str, Any]) -> dict[str, str]:
    """What the fields show of a document, but for its rows."""
    return {
        "default_group": document["default_group"] or "",
        "default_limit": _number(document["default_limit"]),
        "returning_buyer_hours": _number(document["returning_buyer_hours"]),
        "rule": document["offline"]["rule"],
        "agent": document["offline"]["agent"] or "",
    }


def rows_shown(document: Mapping[str, Any]) -> dict[str, list[Row]]:
    """The rows of each kind, and an empty one after them."""
    rows = {
        "agent": [_agent_shown(agent) for agent in document["agents"]],
        "group": [_group_shown(group) for group in document["groups"]],
    }
    return {kind: with_spare(numbered(rows[kind]), columns) for kind, columns in KINDS.items()}


def rows_written(fields: Fields) -> dict[str, list[Row]]:
    """The rows of a form that was sent, as they were typed."""
    return {kind: with_spare(rows_of(fields, kind, columns), columns) for kind, columns in KINDS.items()}


def written(fields: Fields) -> dict[str, str]:
    """What the other fields of a form that was sent show again."""
    return {name: text_of(fields, name) for name in SINGLE}


def read_form(fields: Fields, base: Mapping[str, Any]) -> Reading:
    """The document that the fields say; lists that nobody touched are exactly those of `base`."""
    reading = Reading()
    agents = {agent["id"]: agent for agent in base["agents"]}
    groups = {group["id"]: group for group in base["groups"]}
    reading.document["agents"] = []
    for place, row in enumerate(rows_of(fields, "agent", AGENT)):
        before = _agent_shown(agents[row["id"]]) if row["id"] in agents else {}
        known = agents.get(row["id"], {})
        reading.document["agents"].append(
            {
                "id": row["id"],
                "name": row["name"],
                "limit": number_in(row["limit"]),
                "note": row["note"],
                **{
                    column: known[column] if row[column] == before.get(column) else names_in(row[column])
                    for column in ("groups", "skills")
                },
            }
        )
        reading.places |= {f"agents[{place}].{column}": f"agent.{row[NUMBER]}.{column}" for column in AGENT}
    reading.document["groups"] = []
    for place, row in enumerate(rows_of(fields, "group", GROUP)):
        before = _group_shown(groups[row["id"]]) if row["id"] in groups else {}
        select = groups.get(row["id"], {}).get("select", {})
        reading.document["groups"].append(
            {
                "id": row["id"],
                "name": row["name"],
                "select": {
                    column: select[column] if row[column] == before.get(column) else names_in(row[column])
                    for column in SELECTORS
                },
                "fallback": row["fallback"] or None,
                "offline": _offline(row) if row["rule"] or row["agent"] else None,
            }
        )
        _note_places(reading, f"groups[{place}]", f"group.{row[NUMBER]}.")
    single = written(fields)
    reading.document |= {
        "default_group": single["default_group"] or None,
        "default_limit": number_in(single["default_limit"]),
        "returning_buyer_hours": number_in(single["returning_buyer_hours"]),
        "offline": _offline(single),
    }
    reading.places |= {name: name for name in ("default_group", "default_limit", "returning_buyer_hours")}
    reading.places |= {
        "offline": "rule",
        "offline.agent": "agent",
        "agents": "agent.0.id",
        "groups": "group.0.id",
    }
    return reading


def named(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its agents and groups under their ids, so that two changes of it can be told apart by them."""
    return dict(document) | {
        kind: {entry["id"]: entry for entry in document[kind]} for kind in ("agents", "groups")
    }


def listed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same back; what is left out has its default."""
    whole = Roster().to_json() | dict(document)
    return whole | {kind: list((document.get(kind) or {}).values()) for kind in ("agents", "groups")}


def _note_places(reading: Reading, place: str, name: str) -> None:
    reading.places |= {f"{place}.{column}": f"{name}{column}" for column in ("id", "name", "fallback")}
    reading.places |= {f"{place}.select.{column}": f"{name}{column}" for column in SELECTORS}
    reading.places |= {f"{place}.offline": f"{name}rule", f"{place}.offline.agent": f"{name}agent"}


def _offline(row: Mapping[str, str]) -> dict[str, Any]:
    return {"rule": row["rule"] or "queue", "agent": row["agent"] or None}


def _agent_shown(agent: Mapping[str, Any]) -> dict[str, str]:
    return {
        "id": agent["id"],
        "name": agent["name"],
        "groups": "、".join(agent["groups"]),
        "limit": _number(agent["limit"]),
        "skills": "、".join(agent["skills"]),
        "note": agent["note"],
    }


def _group_shown(group: Mapping[str, Any]) -> dict[str, str]:
    offline = group["offline"] or {"rule": "", "agent": None}
    return {
        "id": group["id"],
        "name": group["name"],
        **{column: "、".join(group["select"][column]) for column in SELECTORS},
        "fallback": group["fallback"] or "",
        "rule": offline["rule"],
        "agent": offline["agent"] or "",
    }


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
