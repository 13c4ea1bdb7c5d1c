"""Large banks: the quick look finds what the full one does, and no history of changes leaves a trace in the answers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phrasebank import Bank, Phrase
from phrasebank import index as index_module
from phrasebank.documents import Documents, Source
from phrasebank.folding import folded, folded_all
from phrasebank.grams import Postings, Texts, gram_of, grams_of
from phrasebank.index import Index, Query, Weighting
from phrasebank.keywords import WIDESPREAD, KeywordParts, Keywords

WORDS = st.text(alphabet="发货退款快递几天到没有吗的", max_size=9)
MESSY = st.text(max_size=30) | st.text(
    alphabet="a[]\n[订单] #E-/:ab😊12345678_。Σσςhttp://www.，\r\x85\u2028\u0301", max_size=40
)


def indexed(texts: Sequence[str]) -> tuple[Index, Weighting]:
    packed = Texts.of(texts)
    postings = Postings.of(packed)
    weighting = Weighting.over(postings, packed, range(len(texts)))
    return Index(packed, postings, weighting), weighting


def sentences(count: int, seed: int = 1) -> list[str]:
    """Made-up sentences in which a few words are everywhere."""
    draw = random.Random(seed)
    words = ["".join(chr(0x4E00 + draw.randrange(600)) for _ in range(2)) for _ in range(200)]
    weights = [1 / (rank + 2) for rank in range(len(words))]
    return ["".join(draw.choices(words, weights, k=draw.randint(1, 6))) for _ in range(count)]


# Grams and postings


@given(st.lists(MESSY))
def test_many_texts_fold_as_each_does(texts: list[str]) -> None:
    assert folded_all(texts) == [folded(text) for text in texts]


@given(st.lists(st.text(max_size=12)))
def test_packed_texts_come_out_as_they_went_in(texts: list[str]) -> None:
    packed = Texts.of(texts)
    assert list(packed) == texts
    halves = Texts.joined([Texts.of(texts[: len(texts) // 2]), Texts.of(texts[len(texts) // 2 :])])
    assert [halves[row] for row in range(len(halves))] == texts


@given(st.lists(WORDS | st.text(alphabet="a\U0001f600\U00020000货", max_size=5), max_size=20))
def test_postings_name_every_row_of_every_gram(texts: list[str]) -> None:
    postings = Postings.of(Texts.of(texts))
    expected = {
        (gram_of(text[place : place + size]), row)
        for row, text in enumerate(texts)
        for size in (1, 2, 3)
        for place in range(len(text) - size + 1)
    }
    found = [
        (int(gram), int(postings.order[row]))
        for number, gram in enumerate(postings.grams)
        for row in postings.rows[postings.starts[number] : postings.starts[number + 1]]
    ]
    assert len(found) == len(expected)
    assert set(found) == expected
    assert {int(gram) for text in texts for gram in grams_of(text)} == {gram for gram, _ in expected}
    assert (np.diff(postings.grams.astype(object)) > 0).all()


def test_postings_of_more_rows_than_are_sorted_at_one_go_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = Texts.of(sentences(300))
    whole = Postings.of(texts)
    monkeypatch.setattr("phrasebank.grams._ROW_BITS", 4)
    pieces = Postings.of(texts)
    assert (whole.grams == pieces.grams).all()
    assert (whole.starts == pieces.starts).all()
    assert (whole.rows == pieces.rows).all()


# Cosines


@given(st.lists(WORDS, min_size=1, max_size=15), WORDS)
def test_the_cosine_is_that_of_the_weighted_grams(texts: list[str], message: str) -> None:
    index, weighting = indexed(texts)

    def vector(words: str) -> Counter[int]:
        grams = grams_of(words)
        weights = weighting.weights(grams, weighting.frequencies(grams))
        return Counter(dict(zip(grams.tolist(), weights.tolist(), strict=True)))

    def cosine(one: Counter[int], other: Counter[int]) -> float:
        product = sum(weight * other[gram] for gram, weight in one.items())
        length = sum(w * w for w in one.values()) ** 0.5 * sum(w * w for w in other.values()) ** 0.5
        return product / length if length else 0.0

    cosines = index.cosines(Query.of(message, weighting))
    assert cosines == pytest.approx([cosine(vector(message), vector(text)) for text in texts], abs=1e-5)


@settings(deadline=None, max_examples=60)
@given(st.lists(WORDS, min_size=1, max_size=40), WORDS)
def test_where_all_postings_are_read_the_nearest_are_the_nearest_of_all(
    texts: list[str], message: str
) -> None:
    index, weighting = indexed(texts)
    query = Query.of(message, weighting)
    rows, cosines = index.nearest(query)
    every = index.cosines(query)
    assert set(rows.tolist()) == set(np.flatnonzero(every).tolist())
    assert cosines == pytest.approx(every[rows], abs=1e-5)


@pytest.fixture
def few_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "POSTINGS_READ", 400)
    monkeypatch.setattr(index_module, "SECOND_LOOK", 40)


@pytest.mark.usefixtures("few_reads")
def test_a_quick_look_gives_true_cosines_and_nearly_always_the_best_row() -> None:
    texts = sentences(3_000)
    index, weighting = indexed(texts)
    draw = random.Random(2)
    best = []
    for text in draw.sample(texts, 200):
        message = "".join(character for character in text if draw.random() > 0.15) or text
        query = Query.of(message, weighting)
        rows, cosines = index.nearest(query)
        every = index.cosines(query)
        assert len(rows) <= 40
        assert cosines == pytest.approx(every[rows], abs=1e-5)
        best.append(cosines.max() >= every.max() - 1e-5)
    assert np.mean(best) >= 0.97


@pytest.mark.usefixtures("few_reads")
def test_what_is_there_word_for_word_is_found_though_all_of_it_is_common() -> None:
    texts = [
        "发货",
        *("发货" + text for text in sentences(2_000)),
        *("快递" + text for text in sentences(900)),
    ]
    index, weighting = indexed(texts)
    rows, cosines = index.nearest(Query.of("发货", weighting))
    assert rows[cosines.argmax()] == 0
    assert cosines.max() == pytest.approx(1, abs=1e-5)


@pytest.mark.usefixtures("few_reads")
def test_a_message_without_a_known_gram_is_near_to_nothing() -> None:
    index, weighting = indexed(sentences(500))
    rows, cosines = index.nearest(Query.of("龘龘", weighting))
    assert len(rows) == len(cosines) == 0


# Documents


def test_documents_are_made_from_their_phrases_when_asked_for() -> None:
    phrase = Phrase(
        "a", "亲，{day}发出", title="发货时间", examples=("你好，什么时候发货？", "啥时候发"),
        keywords=("发货", "我上个星期天买的东西怎么还没有发出来呀"),
    )  # fmt: skip
    documents = Documents([Phrase("b", "支持退货"), phrase], KeywordParts())
    assert [(one.source, one.text, one.words, round(one.boost, 2)) for one in documents] == [
        (Source.TEXT, "支持退货", "支持退货", 1.0),
        (Source.EXAMPLE, "你好，什么时候发货？", "什么时候发货", 1.0),
        (Source.EXAMPLE, "啥时候发", "啥时候发", 1.0),
        (
            Source.EXAMPLE,
            "我上个星期天买的东西怎么还没有发出来呀",
            "我上个星期天买的东西怎么还没有发出来呀",
            1.0,
        ),
        (Source.TITLE, "发货时间", "发货时间", 0.95),
        (Source.TEXT, "亲， 发出", "亲发出", 0.7),
    ]
    assert documents.owners.tolist() == [0, 1, 1, 1, 1, 1]
    assert documents[-1] == documents[5]
    with pytest.raises(IndexError):
        documents[6]


# Keywords


def test_a_keyword_of_very_many_phrases_finds_the_likely_ones_besides_the_first() -> None:
    phrases = [Phrase(str(n), "好的", keywords=("发货", "加急&发货")) for n in range(5 * WIDESPREAD)]
    keywords = Keywords(phrases, KeywordParts())

    likely = 4 * WIDESPREAD
    met = keywords.met("什么时候发货", {likely}, None)
    assert sorted(met) == [*range(WIDESPREAD), likely]
    assert keywords.evidence(met[likely], "什么时候发货").keywords == ("发货",)
    both = keywords.met("发货能加急吗", {likely}, None)
    assert keywords.evidence(both[likely], "发货能加急吗").keywords == ("加急&发货", "发货")
    all_gone_but_one = np.ones(len(phrases), dtype=np.bool_)
    all_gone_but_one[likely + 1] = False
    assert list(keywords.met("发货", {likely}, all_gone_but_one)) == [likely + 1]


@given(st.lists(st.tuples(WORDS, WORDS), max_size=12), WORDS)
def test_keywords_are_those_that_occur(pairs: list[tuple[str, str]], message: str) -> None:
    phrases = [
        Phrase(str(n), "好", keywords=(one,), not_keywords=(other,)) for n, (one, other) in enumerate(pairs)
    ]
    keywords = Keywords(phrases, KeywordParts())
    met = keywords.met(message, (), np.zeros(len(phrases), dtype=np.bool_))
    assert set(met) == {n for n, (one, _) in enumerate(pairs) if one and one in message}
    refused = keywords.refusing(message, range(len(phrases)))
    assert refused == {n for n, (_, other) in enumerate(pairs) if other and other in message}


# Changes


CHANGES = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcdefghij"), st.tuples(WORDS, st.sampled_from(["", "fh", "/fh2"])), max_size=4),
        st.sets(st.sampled_from("abcdefghij"), max_size=3),
    ),
    max_size=12,
)  # fmt: skip


def made(phrase_id: str, words: str, code: str) -> Phrase:
    return Phrase(
        phrase_id, f"回复{words}", examples=(words,) if words else (), code=code, keywords=(words[:2],)
    )


@settings(deadline=None, max_examples=80)
@given(CHANGES, st.booleans())
def test_after_any_changes_the_bank_has_the_phrases_of_a_dictionary(changes: list, rebuild: bool) -> None:
    kept = {name: made(name, "什么时候发货", "") for name in "aceg"}
    bank = Bank(kept.values())
    for added, removed in changes:
        phrases = [made(name, *content) for name, content in added.items()]
        bank = bank.with_phrases(phrases, removed, rebuild=rebuild)
        kept = {name: phrase for name, phrase in kept.items() if name not in removed}
        kept.update({phrase.id: phrase for phrase in phrases})
        assert bank.phrases == tuple(kept.values())
        assert len(bank) == len(kept)
        assert all(bank.get(name) == kept.get(name) for name in "abcdefghij")
    for words in {content[0] for added, _ in changes for content in added.values()} | {"什么时候发货", "/fh"}:
        hits = bank.search(words, top=20).hits
        assert all(kept.get(hit.phrase.id) is hit.phrase for hit in hits)
        assert len({hit.phrase.id for hit in hits}) == len(hits)
    coded = [phrase.id for phrase in bank if phrase.code == "fh"]
    begun = [phrase.id for phrase in bank if phrase.code == "/fh2"]
    assert [hit.phrase.id for hit in bank.search("/fh", top=20).hits] == sorted(coded) + sorted(begun)


def test_a_bank_that_took_in_hundreds_answers_as_one_built_anew() -> None:
    texts = list(dict.fromkeys(sentences(2_400)))
    phrases = [Phrase(str(n), "好的", examples=(text,)) for n, text in enumerate(texts)]
    bank = Bank(phrases[:1_000])
    for first in range(1_000, len(phrases), 7):
        bank = bank.with_phrases(phrases[first : first + 7], [str(first - 900)], rebuild=False)
    assert bank.overgrown
    anew = bank.rebuilt()
    assert not anew.overgrown
    assert anew.phrases == bank.phrases
    asked = random.Random(3).sample(bank.phrases, 100)
    same = [
        bank.search(one.examples[0]).hits[0].phrase == anew.search(one.examples[0]).hits[0].phrase == one
        for one in asked
    ]
    assert np.mean(same) >= 0.95


def test_phrases_that_are_gone_leave_room_for_those_that_are_not() -> None:
    twins = [Phrase(f"t{n}", "好的", examples=("什么时候发货",), keywords=("发货",)) for n in range(120)]
    bank = Bank([*twins, Phrase("last", "两天内", examples=("什么时候能发货呀",)), *(
        Phrase(f"f{n}", "好的", examples=(text,)) for n, text in enumerate(sentences(3_000)))])  # fmt: skip
    left = bank.with_phrases((), [phrase.id for phrase in twins], rebuild=False)
    assert left.search("什么时候发货").hits[0].phrase.id == "last"


def test_a_change_costs_nothing_of_what_lies_below() -> None:
    bank = Bank(Phrase(f"p{n}", text) for n, text in enumerate(sentences(500)))
    changed = bank.with_phrases([Phrase("new", "新的")], ["p3"])
    assert changed._layers[0].segment is bank._layers[0].segment
    assert changed._layers[0].positions is bank._layers[0].positions
    assert len(changed._layers) == 2
    assert len(changed._layers[1].phrases) == 1
