"""The sieve lets through whatever fulfils its conditions, and little else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lint.batch import Batch
from lint.sieve import Candidate, Condition, Sieve

WORDS = st.sampled_from(["发", "发票", "开发票", "微信号码", "vx", "x", "好评返现", "返"])
MARKS = st.sampled_from(["#", "# ", "票#", "??", "{", "{姓"])
CONDITIONS = st.builds(
    Condition,
    words=st.frozensets(WORDS, min_size=1, max_size=3),
    marks=st.frozensets(MARKS, max_size=2),
    number=st.booleans(),
)
CANDIDATES = st.builds(
    Candidate,
    conditions=st.lists(CONDITIONS, min_size=1, max_size=6),
    longest=st.one_of(st.none(), st.integers(0, 12)),
)
PIECES = st.one_of(WORDS, MARKS, st.sampled_from(["，", " ", "12345", "1 2 3 4 5", "😀", "\U0010ffff", "\n"]))
TEXTS = st.lists(st.lists(PIECES, max_size=6).map("".join), min_size=1, max_size=6)


def fulfilled(condition: Condition, tight: str, plain: str) -> bool:
    digits = "".join(char if char.isdigit() else " " for char in tight)
    return (
        any(word in tight for word in condition.words)
        or any(mark in plain for mark in condition.marks)
        or (condition.number and any(len(run) >= 5 for run in digits.split()))
    )


def wanted(candidates: list[Candidate], batch: Batch) -> set[tuple[int, int]]:
    tight, plain = batch.view("tight"), batch.view("plain")
    return {
        (text, number)
        for text in range(len(batch.texts))
        for number, candidate in enumerate(candidates)
        if (candidate.longest is None or len(tight.part(text)) <= candidate.longest)
        and all(fulfilled(each, tight.part(text), plain.part(text)) for each in candidate.conditions)
    }


def passing(candidates: list[Candidate], batch: Batch) -> set[tuple[int, int]]:
    texts, found = Sieve(candidates).passing(batch.view("tight"), batch.view("plain"))
    return set(zip(texts.tolist(), found.tolist(), strict=True))


@given(candidates=st.lists(CANDIDATES, max_size=6), texts=TEXTS)
@settings(max_examples=400, deadline=None)
def test_nothing_that_fulfils_its_conditions_is_held_back(
    candidates: list[Candidate], texts: list[str]
) -> None:
    batch = Batch(texts)
    expected = wanted(candidates, batch)
    assert expected <= passing(candidates, batch)
    sieve = Sieve(candidates)
    for index in range(len(texts)):
        one = set(sieve.passing_in(batch.view("tight").part(index), batch.view("plain").part(index)))
        assert {number for text, number in expected if text == index} <= one
        assert {(index, number) for number in one} <= passing(candidates, batch)


def test_what_lacks_a_condition_or_is_too_long_is_held_back() -> None:
    candidates = [
        Candidate([Condition(frozenset({"发票"})), Condition(frozenset({"不"}))]),
        Candidate([Condition(frozenset({"嗯"}))], longest=2),
        Candidate([Condition(marks=frozenset({"#"})), Condition(number=True)]),
    ]
    batch = Batch(["不开发票", "开发票", "嗯嗯", "嗯嗯嗯", "#12345", "#1234", "12345", "", "发", "票不"])
    assert passing(candidates, batch) == {(0, 0), (2, 1), (4, 2)} == wanted(candidates, batch)


def test_a_sieve_without_candidates_passes_nothing() -> None:
    assert passing([], Batch(["发票", ""])) == set()
