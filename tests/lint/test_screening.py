"""The quick look never misses what the close look would find, and many texts at once are read as one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lint import Linter
from lint.attitude import THRESHOLD, scores
from lint.batch import Batch
from lint.examination import examine
from lint.folding import Views, coded, fold
from lint.lexicon import Lexicon
from lint.screening import Screen, Suspicion

LINTER = Linter.default()
LEXICON = Lexicon(LINTER.rules)
SCREEN = Screen(LEXICON)

# Pieces of rules' words, disguises and noise, so that hits, near hits and whole messages come about.
PIECES = st.sampled_from(
    [
        "最",
        "好",
        "佳",
        "蕞",
        "嘴",
        "zui",
        "hao",
        "第",
        "一",
        "①",
        "Ⅰ",
        "弟",
        "N",
        "O",
        ".",
        "1",
        "TOP",
        "ｔｏｐ",
        "顶级",
        "頂級",
        "ding",
        "ji",
        "加",
        "＋",
        "➕",
        "微",
        "徽",
        "信",
        "xin",
        "v",
        "❤",
        "发票",
        "fa票",
        "不",
        "开",
        "全网",
        "quan",
        "wang",
        "di",
        "抵",
        "嗯",
        "哦",
        "什么",
        "？",
        "，",
        "。",
        "{",
        "}",
        "【",
        "姓名",
        "】",
        "$",
        "#",
        "13800138000",
        "六",
        "2",
        "http://a.cn",
        "…",
        "㎏",
        "½",
        "ﷺ",
        "😀",
        "﹏",
        "\u200b",
        "́",
        "\n",
        "�",
        "\U0010ffff",
        "亲",
        "您好",
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)


def assert_nothing_is_missed(texts: list[str], index: int) -> None:
    text = texts[index]
    tight = fold(text, "tight")
    rude = 5 <= len(tight) <= 40 and bool(scores(coded(tight), (0, len(tight) + 1))[0] > THRESHOLD)
    everything = Suspicion(audible=True, rude=rude, patterns=list(LEXICON.patterns))
    hits = set(examine(Views(text), LEXICON, everything))
    suspicion = SCREEN.suspects(Batch(texts)).get(index)
    assert hits == (set() if suspicion is None else set(examine(Views(text), LEXICON, suspicion)))


@given(text=TEXTS)
@settings(max_examples=1500, deadline=None)
def test_what_a_close_look_would_find_is_suspected(text: str) -> None:
    assert_nothing_is_missed([text], 0)


@pytest.mark.parametrize("text", [text for rule in LINTER.rules for text in (*rule.bad, *rule.good)])
def test_what_a_close_look_would_find_in_the_rules_own_examples_is_suspected(text: str) -> None:
    assert_nothing_is_missed([text], 0)
    assert_nothing_is_missed(["您好", text, ""], 1)


@given(texts=st.lists(TEXTS, max_size=8))
@settings(max_examples=300, deadline=None)
def test_many_texts_are_read_as_one_by_one(texts: list[str]) -> None:
    assert list(LINTER.check_all(texts)) == [LINTER.check(text) for text in texts]


@given(texts=st.lists(st.one_of(TEXTS, st.text()), min_size=2, max_size=5))
@settings(max_examples=500, deadline=None)
def test_joined_texts_are_folded_as_single_ones(texts: list[str]) -> None:
    batch = Batch(texts)
    for view in ("plain", "tight", "clauses"):
        joined = batch.view(view)
        parts = [joined.part(index) for index in range(len(texts))]
        assert [part.replace("\U0010ffff", " ") for part in parts] == [
            fold(text.replace("\U0010ffff", " "), view) for text in texts
        ]


@given(texts=st.lists(st.one_of(TEXTS, st.text()), min_size=20, max_size=30))
@settings(max_examples=200, deadline=None)
def test_joined_texts_know_the_way_back_as_single_ones(texts: list[str]) -> None:
    batch = Batch([*texts, "长" * 400])
    for view in ("plain", "tight", "clauses"):
        batch.view(view)
        for index, text in enumerate(texts):
            single = Views(text.replace("\U0010ffff", " ")).view(view)
            assert list(batch.views(index).view(view).origin) == list(single.origin)


def test_many_long_texts_are_read_as_one_by_one() -> None:
    texts = ["亲" * 300_000 + "国家级", "嗯", "。" * 300_000 + "顶级"]
    assert list(LINTER.check_all(texts)) == [LINTER.check(text) for text in texts]


def test_no_texts_give_no_reports() -> None:
    assert list(LINTER.check_all([])) == []


def test_an_unknown_channel_is_refused_before_the_first_text() -> None:
    with pytest.raises(ValueError, match="unknown channel"):
        LINTER.check_all([], channel="fax")
