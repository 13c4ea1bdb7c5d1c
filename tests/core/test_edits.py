"""Two people change the same record."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.edits import Disagreement, reconcile

records = st.fixed_dictionaries({name: st.integers(0, 2) for name in "abc"})


def test_what_only_one_changed_is_kept_from_each() -> None:
    base = {"title": "旧", "text": "旧文", "code": "a"}
    found = reconcile(base, base | {"title": "我的"}, base | {"text": "对方的"})
    assert found.record == {"title": "我的", "text": "对方的", "code": "a"}
    assert found.taken == ("text",)
    assert found.disagreements == ()


def test_where_both_changed_mine_stands_and_theirs_is_told() -> None:
    base = {"text": "旧"}
    found = reconcile(base, {"text": "我的"}, {"text": "对方的"})
    assert found.record == {"text": "我的"}
    assert found.disagreements == (Disagreement("text", "旧", "我的", "对方的"),)


def test_the_same_change_by_both_is_no_disagreement() -> None:
    found = reconcile({"text": "旧"}, {"text": "新"}, {"text": "新"})
    assert (found.taken, found.disagreements) == ((), ())


def test_a_column_that_only_the_other_has_is_taken() -> None:
    assert reconcile({}, {}, {"备注": "x"}).record == {"备注": "x"}


@given(records, records, records)
def test_no_change_of_either_is_lost(
    base: dict[str, int], mine: dict[str, int], theirs: dict[str, int]
) -> None:
    found = reconcile(base, mine, theirs)
    told = {each.column: each.theirs for each in found.disagreements}
    for column in base:
        if mine[column] != base[column]:
            assert found.record[column] == mine[column]
        if theirs[column] != base[column]:
            assert theirs[column] in (found.record[column], told.get(column))
