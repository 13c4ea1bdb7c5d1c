"""What a spelling by sound may mean, and what is only another word that sounds alike."""

from __future__ import annotations

import pytest

from lint.sound import is_everyday, judge


@pytest.mark.parametrize(
    ("written", "word", "evasive"),
    [
        (["zui", "jia"], "最佳", True),
        (["最", "jia"], "最佳", True),
        (["蕞", "佳"], "最佳", True),
        (["最", "佳"], "最佳", False),
        (["嘴", "家"], "最佳", False),  # everyday homophones of a short word are other words
        (["bao", "转"], "包赚", False),  # so is half of one, whatever stands beside it
        (["好", "平", "返", "现"], "好评返现", True),
        (["号", "平", "反", "线"], "好评返现", False),
    ],
)
def test_rare_characters_and_pinyin_disguise_and_everyday_homophones_do_not(
    written: list[str], word: str, evasive: bool
) -> None:
    assert judge(written, word, "", "") is evasive
    if is_everyday(written, word):
        assert not evasive
