"""The demo's day has in it what a shop meets: a rush, silence, anger, thanks, adverts, slips of the tongue."""

from __future__ import annotations

import re
from collections import Counter
from datetime import time
from importlib import resources
from typing import Any

import pytest
import yaml

from lint import Linter

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _read(name: str) -> Any:
    return yaml.load(resources.files("app.demo").joinpath(name).read_text("utf-8"), Loader=_Loader)


SHOP: dict[str, Any] = _read("shop.yaml")
DIALOGUES: list[dict[str, Any]] = _read("dialogues.yaml")["dialogues"]
BUYER_TURNS = [turn for dialogue in DIALOGUES for turn in dialogue["turns"] if turn["from"] == "buyer"]
AGENT_TURNS = [
    pytest.param(turn, id=f"{dialogue['id']}-{number}")
    for dialogue in DIALOGUES
    for number, turn in enumerate(dialogue["turns"], start=1)
    if turn["from"] == "agent"
]
DRAFTS = [param for param in AGENT_TURNS if param.values[0].get("draft")]


def answered(dialogue: dict[str, Any]) -> bool:
    return any(turn["from"] == "agent" for turn in dialogue["turns"])


def named(dialogue: dict[str, Any]) -> str:
    return str(dialogue["id"])


def grave(text: str) -> list[str]:
    """What the linter says of a draft in a live chat, warning and above."""
    findings = Linter.default().check(text, channel="live").findings
    return [f"{each.rule} {each.match}" for each in findings if each.severity != "info"]


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=named)
def test_a_dialogue_can_be_played(dialogue: dict[str, Any]) -> None:
    assert re.fullmatch(r"d\d+", dialogue["id"])
    assert dialogue["buyer"]
    assert dialogue["topic"]
    assert time(8, 30) <= time.fromisoformat(dialogue["arrive"]) <= time(22, 30)
    assert dialogue["mood"] in {"good", "neutral", "bad"}
    assert dialogue["rate"] in {None, "满意", "一般", "失望"}
    assert isinstance(dialogue["spam"], bool)
    assert dialogue["item"] is None or dialogue["item"] in {item["id"] for item in SHOP["items"]}
    first, *rest = dialogue["turns"]
    assert first["from"] == "buyer"
    assert first["after_s"] == 0
    for turn in rest:
        assert turn["after_s"] > 0
    for turn in dialogue["turns"]:
        assert turn.keys() <= {"from", "after_s", "text", "kind", "draft", "final", "withdraw_after_s"}
        assert turn.get("kind", "text") in {"text", "image", "card", "emoji", "voice"}
        assert turn["text"] or turn.get("kind", "text") != "text"


def test_the_day_is_long_enough_and_every_id_is_used_once() -> None:
    ids = [dialogue["id"] for dialogue in DIALOGUES]
    assert len(ids) >= 60
    assert len(set(ids)) == len(ids)
    assert [dialogue["arrive"] for dialogue in DIALOGUES] == sorted(
        dialogue["arrive"] for dialogue in DIALOGUES
    )


def test_there_is_a_rush_at_noon() -> None:
    at_noon = sum("11:40" <= dialogue["arrive"] <= "13:10" for dialogue in DIALOGUES)
    assert at_noon / 1.5 > 3 * (len(DIALOGUES) - at_noon) / 12.5, "arrivals an hour, at noon and else"


def test_the_day_holds_all_that_the_demo_should_show() -> None:
    buyers = Counter(dialogue["buyer"] for dialogue in DIALOGUES)
    texts = [turn["text"] for turn in BUYER_TURNS]
    assert sum(not answered(dialogue) and not dialogue["spam"] for dialogue in DIALOGUES) >= 5
    assert sum(dialogue["spam"] for dialogue in DIALOGUES) >= 1
    assert max(buyers.values()) >= 2
    assert {"image", "card", "emoji", "voice"} <= {turn.get("kind") for turn in BUYER_TURNS}
    assert any("withdraw_after_s" in turn for turn in BUYER_TURNS)
    assert any("人工" in text for text in texts)
    assert any(re.search("[請問運費]{2}", text) for text in texts), "somebody writes Traditional Chinese"
    assert any(
        len(dialogue["turns"]) == 1 and dialogue["turns"][0].get("kind") == "emoji" for dialogue in DIALOGUES
    )
    assert {"满意", "一般", "失望"} <= {dialogue["rate"] for dialogue in DIALOGUES}
    assert {"good", "neutral", "bad"} == {dialogue["mood"] for dialogue in DIALOGUES}


def test_a_rating_comes_only_where_somebody_answered() -> None:
    assert [dialogue["id"] for dialogue in DIALOGUES if dialogue["rate"] and not answered(dialogue)] == []


def test_the_shop_has_two_agents_and_their_shifts() -> None:
    assert SHOP["platform"] == "kuaishou"
    assert [agent["name"] for agent in SHOP["agents"]] == ["小林", "小周"]
    assert {shift["agent"] for shift in SHOP["shifts"]} == {agent["id"] for agent in SHOP["agents"]}


def test_there_are_drafts_for_the_linter_to_stop() -> None:
    assert len(DRAFTS) >= 8


@pytest.mark.parametrize("turn", DRAFTS)
def test_the_linter_objects_to_a_draft_and_not_to_its_better_words(turn: dict[str, Any]) -> None:
    assert grave(turn["text"])
    assert grave(turn["final"]) == []


@pytest.mark.parametrize("turn", [param for param in AGENT_TURNS if param not in DRAFTS])
def test_what_an_agent_says_otherwise_is_clean(turn: dict[str, Any]) -> None:
    assert grave(turn["text"]) == []
