from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from app.core.events import Kind
from app.demo.player import LATE_WORDS, schedule
from app.demo.script import CLOSING_WORDS, Script, ScriptError, load_script, read_script
from app.demo.tempo import HEAD_STARTS_S, Tempo
from app.platforms.catalog import load_profiles
from lint import Linter

SHOP: dict[str, Any] = {
    "name": "小店",
    "platform": "kuaishou",
    "agents": [{"id": "a", "name": "小青"}],
    "shifts": [{"agent": "a", "from": "08:30", "to": "22:00"}],
}


def turn(sender: str, text: str = "话", **rest: Any) -> dict[str, Any]:
    return {"from": sender, "text": text, **rest}


def written(*turns: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"id": "d1", "buyer": "买家", "arrive": "09:30", "turns": list(turns)} | rest


def read(*dialogues: dict[str, Any]) -> Script:
    return read_script(SHOP, {"dialogues": list(dialogues)})


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script()


def test_a_dialogue_becomes_exchanges() -> None:
    (made,) = read(
        written(turn("buyer", "一"), turn("buyer", "二", after_s=3), turn("agent", "三"))
    ).dialogues
    (exchange,) = made.exchanges
    assert [line.text for line in exchange.asked] == ["一", "二"]
    assert [line.text for line in exchange.answers] == ["三"]
    assert exchange.asked[1].after_s == 3
    assert made.arrives_s == 9.5 * 3600


def test_the_buyers_last_words_are_answered_in_any_case() -> None:
    (made,) = read(written(turn("buyer"), turn("agent"), turn("buyer", "谢谢"))).dialogues
    assert made.exchanges[1].answers[0].text in CLOSING_WORDS


def test_a_dialogue_without_an_agent_is_one_that_nobody_answers() -> None:
    (made,) = read(written(turn("buyer"), turn("buyer"))).dialogues
    assert not made.answered
    assert len(made.exchanges) == 1


def test_a_draft_is_typed_by_hand_and_has_better_words() -> None:
    (made,) = read(written(turn("buyer"), turn("agent", "绝对", draft=True, final="可以的"))).dialogues
    line = made.exchanges[0].answers[0]
    assert (line.text, line.final, line.by_hand) == ("绝对", "可以的", True)


@pytest.mark.parametrize(
    ("dialogue", "place"),
    [
        (written(turn("agent")), "d1"),
        (written(), "d1"),
        (written(turn("robot")), "from"),
        (written(turn("buyer", "")), "text"),
        (written(turn("buyer", kind="song")), "kind"),
        (written(turn("buyer", after_s=-1)), "after_s"),
        (written(turn("buyer", after_s="soon")), "after_s"),
        (written(turn("buyer"), turn("agent", draft=True)), "final"),
        (written(turn("buyer"), arrive="25:00"), "arrive"),
        (written(turn("buyer"), arrive=570), "arrive"),
        (written(turn("buyer"), id="d 1"), "id"),
        (written(turn("buyer"), buyer=None), "buyer"),
    ],
)
def test_a_dialogue_that_cannot_be_played_is_refused_with_its_place(
    dialogue: dict[str, Any], place: str
) -> None:
    with pytest.raises(ScriptError, match=place):
        read(dialogue)


@pytest.mark.parametrize(
    "wrong",
    [
        {"agents": []},
        {"shifts": []},
        {"shifts": [{"agent": "b", "from": "08:00", "to": "09:00"}]},
        {"shifts": [{"agent": "a", "from": "09:00", "to": "09:00"}]},
        {"name": ""},
    ],
)
def test_a_shop_that_cannot_be_played_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ScriptError, match=r"shop\.yaml"):
        read_script(SHOP | wrong, {"dialogues": [written(turn("buyer"))]})


def test_ids_are_unique() -> None:
    with pytest.raises(ScriptError, match="d1"):
        read(written(turn("buyer")), written(turn("buyer")))


def test_the_script_of_the_package_is_a_day_with_dozens_of_buyers_and_two_agents(script: Script) -> None:
    assert len({dialogue.buyer for dialogue in script.dialogues}) >= 36
    assert len(script.agents) == 2
    assert script.platform in load_profiles()
    alone = [dialogue for dialogue in script.dialogues if not dialogue.answered and not dialogue.spam]
    assert len(alone) >= len(HEAD_STARTS_S)


def test_its_rush_is_at_noon(script: Script) -> None:
    hours = Counter(int(dialogue.arrives_s // 3600) for dialogue in script.dialogues)
    assert {hour for hour, _ in hours.most_common(2)} <= {11, 12, 13}


def test_at_the_default_speed_buyers_wait_at_once_and_the_rush_follows_soon(script: Script) -> None:
    planned = schedule(script.dialogues, Tempo.of_speed(60))
    assert sum(begins_s <= 20 for _, begins_s, _ in planned) >= 5
    rush = [
        begins_s for dialogue, begins_s, _ in planned if 12 <= dialogue.arrives_s / 3600 < 13 and begins_s
    ]
    assert rush
    assert max(rush) < 300


def test_its_ratings_are_labels_of_its_platform(script: Script) -> None:
    labels = set(load_profiles()[script.platform].rating_labels)
    assert {dialogue.rating.label for dialogue in script.dialogues if dialogue.rating} <= labels


def test_its_kinds_are_those_of_the_log(script: Script) -> None:
    kinds = {line.kind for dialogue in script.dialogues for each in dialogue.exchanges for line in each.asked}
    assert kinds <= set(Kind)


def test_the_linter_objects_to_the_drafts_and_to_nothing_else_that_an_agent_says(script: Script) -> None:
    linter = Linter.default()

    def grave(text: str) -> bool:
        return any(
            finding.severity in ("error", "warning")
            for finding in linter.check(text, channel="live").findings
        )

    answers = [
        line for dialogue in script.dialogues for exchange in dialogue.exchanges for line in exchange.answers
    ]
    drafts = [line for line in answers if line.final is not None]
    # The demo is to show findings; a draft or two may wait for a later rule.
    assert sum(grave(line.text) for line in drafts) >= 8
    sent = [line.final or line.text for line in answers] + [*CLOSING_WORDS, LATE_WORDS]
    assert [text for text in sent if grave(text)] == []
