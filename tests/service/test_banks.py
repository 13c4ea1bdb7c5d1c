"""Banks in memory: changed at once, built anew beside those who read, shown to nobody before the commit."""

from __future__ import annotations

from typing import Any

import pytest
from conftest_service import Running

from app.jobs.retraining import PATIENCE_S, QUIET_S, Pace
from app.usecases.knowledge import Knowledge
from app.usecases.phrase_history import Author, change_phrases
from app.usecases.shops import read_shop
from phrasebank import Bank, Phrase

NEW = Phrase("new", "仓库在杭州。", examples=("你们仓库在哪个城市",))


def bank(running: Running) -> Bank:
    knowledge = running.service.knowledge
    with running.db() as db:
        return knowledge.bank(db, read_shop(db, knowledge.profiles, "demo"))


def save(running: Running, *phrases: Phrase) -> None:
    author = Author("主管", running.clock())
    running.service.writer.submit(lambda db: change_phrases(db, "demo", author, saved=phrases)).result(30)


def rebuild(running: Running) -> None:
    with running.db() as db:
        running.service.knowledge.banks.rebuild(db, "demo")


def test_a_changed_phrase_is_found_at_once_and_the_bank_is_built_anew_later(running: Running) -> None:
    assert not bank(running).grown
    save(running, NEW)
    grown = bank(running)
    assert grown.grown
    assert grown.search("你们仓库在哪个城市").hits[0].phrase == NEW
    with running.db() as db:
        assert list(running.service.knowledge.banks.grown(db)) == ["demo"]
    rebuild(running)
    rebuilt = bank(running)
    assert not rebuilt.grown
    assert set(rebuilt.phrases) == set(grown.phrases)
    assert rebuilt is bank(running)


def test_what_changes_while_a_bank_is_built_is_in_the_new_one(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(running, NEW)
    bank(running)
    later = Phrase("later", "支持自提。", examples=("可以上门自提吗",))
    slow = Bank.rebuilt

    def meanwhile(self: Bank) -> Bank:
        save(running, later)
        assert bank(running).get("later") == later
        return slow(self)

    monkeypatch.setattr(Bank, "rebuilt", meanwhile)
    rebuild(running)
    assert {"new", "later"} <= {phrase.id for phrase in bank(running)}


def test_a_change_that_is_rolled_back_was_never_seen_by_others(running: Running) -> None:
    knowledge: Knowledge = running.service.knowledge

    def fail(db: Any) -> None:
        change_phrases(db, "demo", Author("主管", running.clock()), saved=[NEW])
        shop = read_shop(db, knowledge.profiles, "demo")
        assert "new" in knowledge.bank(db, shop)
        assert "new" not in bank(running)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        running.service.writer.submit(fail).result(30)
    other = Phrase("other", "支持自提。")
    save(running, other)
    assert "new" not in bank(running)
    assert "other" in bank(running)


def test_another_process_sees_the_change_too(running: Running) -> None:
    bank(running)
    other = Knowledge(
        running.service.knowledge.linter, running.service.knowledge.moods, running.service.knowledge.profiles
    )
    save(running, NEW)
    with running.db() as db:
        assert "new" in other.bank(db, read_shop(db, other.profiles, "demo"))


@pytest.mark.parametrize(
    ("changes", "now", "due"),
    [
        ([0.0], QUIET_S, True),
        ([0.0], QUIET_S - 0.1, False),
        ([0.0, 1.5], QUIET_S, False),
        ([0.0, 1.5], 1.5 + QUIET_S, True),
        ([float(second) for second in range(10)], PATIENCE_S, True),
    ],
)
def test_a_bank_is_built_anew_when_it_is_quiet_or_has_waited_long(
    changes: list[float], now: float, due: bool
) -> None:
    pace = Pace(0, changes[0], changes[0])
    for version, at in enumerate(changes):
        pace.see(version, at)
    assert pace.is_due(now) is due
    assert not Pace(0, 0.0, 0.0, not_before=now + 1).is_due(now)
