"""One change is taken back, and what came after it stays."""

from __future__ import annotations

import pytest

from phrasebank.changes import ChangedSinceError, columns_changed, without_change

BEFORE = {"text": "马上退", "title": "退款", "examples": ["怎么退", "退吗"], "order": 1}


def test_a_list_gets_back_what_it_lost_and_keeps_what_came_later() -> None:
    after = {**BEFORE, "examples": ["怎么退", "学到的"]}
    now = {**after, "examples": ["怎么退", "学到的", "后来的"], "title": "改过"}
    undone = without_change(now, BEFORE, after)
    assert undone == {**BEFORE, "examples": ["怎么退", "后来的", "退吗"], "title": "改过"}


def test_a_value_goes_back_if_nobody_changed_it_since() -> None:
    after = {**BEFORE, "text": "两天内退", "order": 2}
    assert without_change({**after, "title": "改过"}, BEFORE, after) == {**BEFORE, "title": "改过"}
    assert without_change({**after, "text": "马上退"}, BEFORE, after) == BEFORE


def test_a_value_that_was_changed_again_is_named_and_stays() -> None:
    after = {**BEFORE, "text": "两天内退"}
    with pytest.raises(ChangedSinceError) as error:
        without_change({**after, "text": "三天内退"}, BEFORE, after)
    assert error.value.columns == ("text",)


def test_a_column_that_the_change_brought_goes_again() -> None:
    assert without_change({**BEFORE, "备注": "新"}, BEFORE, {**BEFORE, "备注": "新"}) == BEFORE


def test_the_columns_of_a_change_are_named() -> None:
    assert columns_changed(BEFORE, {**BEFORE, "order": 2, "备注": "x"}) == ("order", "备注")
    assert columns_changed(None, {"text": "好"}) == ("text",)
    assert columns_changed({"text": "好"}, None) == ("text",)
