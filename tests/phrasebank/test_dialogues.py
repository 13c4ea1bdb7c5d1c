"""The session's earlier turns help where the last message alone is not enough, and do not drag a full question away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from phrasebank import starter_bank

BANK: Final = starter_bank()
DIALOGUES: Final = yaml.safe_load((Path(__file__).parent / "dialogues.yaml").read_text("utf-8"))


def found(dialogue: dict[str, Any], *, with_talk: bool) -> list[str]:
    context: Sequence[str] = dialogue["earlier"] if with_talk else ()
    return [hit.phrase.id for hit in BANK.search(dialogue["last"], context=context).hits]


def recalls(*, with_talk: bool) -> tuple[float, float]:
    """R@1 and R@3 of the dialogues that go on."""
    hits = [
        (found(dialogue, with_talk=with_talk), set(dialogue["right"])) for dialogue in DIALOGUES["continued"]
    ]
    return (
        sum(bool(right & set(ids[:1])) for ids, right in hits) / len(hits),
        sum(bool(right & set(ids)) for ids, right in hits) / len(hits),
    )


def test_the_set_is_of_use() -> None:
    assert len(DIALOGUES["continued"]) >= 40
    assert all(phrase in BANK for dialogue in DIALOGUES["continued"] for phrase in dialogue["right"])


def test_earlier_turns_help_where_the_message_alone_is_not_enough() -> None:
    alone, with_talk = recalls(with_talk=False), recalls(with_talk=True)
    assert with_talk[0] >= alone[0] + 0.15
    assert with_talk[1] >= max(0.85, alone[1] + 0.05)


@pytest.mark.parametrize("dialogue", DIALOGUES["fresh"], ids=lambda dialogue: str(dialogue["last"]))
def test_a_full_question_is_not_dragged_away(dialogue: dict[str, Any]) -> None:
    assert found(dialogue, with_talk=True)[0] == found(dialogue, with_talk=False)[0]
