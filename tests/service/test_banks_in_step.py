"""Every process has the shop's bank as it stands, and reads no more of it than what changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from conftest_service import Running
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session as Database
from sqlmodel import col, delete

from app.db.tables import PhraseChangeRow, ShopRow
from app.usecases.knowledge import Knowledge, read_phrases
from app.usecases.phrase_history import Author, change_phrases
from app.usecases.phrases_since import phrases_since
from app.usecases.shops import read_shop
from phrasebank import Bank, Phrase


def beside(running: Running) -> Knowledge:
    """The knowledge of another process."""
    own = running.service.knowledge
    return Knowledge(own.linter, own.moods, own.profiles)


def bank_of(running: Running, knowledge: Knowledge) -> Bank:
    with running.db() as db:
        return knowledge.bank(db, read_shop(db, knowledge.profiles, "demo"))


def change(running: Running, saved: list[Phrase], removed: list[str]) -> None:
    author = Author("测试", running.clock())
    running.service.writer.submit(
        lambda db: change_phrases(db, "demo", author, saved=saved, removed_ids=removed)
    ).result(10)


def version_of(db: Database) -> int:
    shop = db.get(ShopRow, "demo")
    assert shop is not None
    return shop.bank_version


@contextmanager
def statements(running: Running) -> Iterator[list[str]]:
    """The statements that the service's database gets meanwhile."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        seen.append(" ".join(statement.split()))

    event.listen(running.service.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(running.service.engine, "before_cursor_execute", note)


def test_another_process_finds_a_change_and_reads_only_what_changed(running: Running) -> None:
    other = beside(running)
    bank_of(running, other)
    change(running, [Phrase("gift", "有小礼品", examples=("送不送赠品呀",))], [])
    with statements(running) as seen:
        bank = bank_of(running, other)
    assert bank.search("送不送赠品呀").hits[0].phrase.id == "gift"
    reads = [statement for statement in seen if "FROM phrase " in statement]
    assert len(reads) == 1
    assert "phrase.id IN" in reads[0]


def test_what_one_process_removed_the_other_no_longer_offers(running: Running) -> None:
    other = beside(running)
    change(running, [Phrase("gift", "有小礼品", examples=("送不送赠品呀",))], [])
    assert "gift" in bank_of(running, other)
    change(running, [], ["gift"])
    assert "gift" not in bank_of(running, other)
    assert "gift" not in [hit.phrase.id for hit in bank_of(running, other).search("送不送赠品呀").hits]


def test_where_a_change_is_not_on_record_the_whole_bank_is_read(running: Running) -> None:
    other = beside(running)
    bank_of(running, other)
    with running.db() as db:
        version = version_of(db)
    for number in range(3):
        change(running, [Phrase(f"gift{number}", "有小礼品")], [])

    def forget(db: Database) -> None:
        db.exec(delete(PhraseChangeRow).where(col(PhraseChangeRow.phrase_id) == "gift1"))

    running.service.writer.submit(forget).result(10)
    with running.db() as db:
        assert phrases_since(db, "demo", version, version + 3) is None
        assert set(phrases_since(db, "demo", version + 2, version + 3) or ()) == {"gift2"}
    assert {"gift0", "gift1", "gift2"} <= {phrase.id for phrase in bank_of(running, other)}


NAMES = st.sampled_from([f"own{number}" for number in range(6)])
CHANGES = st.lists(
    st.tuples(st.dictionaries(NAMES, st.sampled_from(["有货", "没货", "明天到货"]), max_size=3), st.sets(NAMES, max_size=2)),
    max_size=4,
)  # fmt: skip


@pytest.mark.usefixtures("running")
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, max_size=3))
def test_after_any_changes_both_processes_have_what_is_stored(
    running: Running, batches: list[list[tuple[dict[str, str], set[str]]]]
) -> None:
    other = beside(running)
    for batch in batches:
        for saved, removed in batch:
            change(
                running, [Phrase(name, text) for name, text in saved.items()], sorted(removed - saved.keys())
            )
        with running.db() as db:
            stored = {phrase.id: phrase for phrase in read_phrases(db, "demo")}
        for knowledge in (other, running.service.knowledge):
            assert {phrase.id: phrase for phrase in bank_of(running, knowledge)} == stored
