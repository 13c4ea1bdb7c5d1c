"""Figures on real sets, as floors: a change that makes matching worse fails here."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import orjson
import pytest

from phrasebank import Bank, Phrase

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the folder shared is not beside the repository")


def rows(name: str) -> list[dict[str, str]]:
    with (SHARED / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_paraphrases_find_their_question() -> None:
    bank = Bank(Phrase(row["cid"], row["question"]) for row in rows("faq_atec500_bank.tsv"))
    first = third = 0
    asked = [row for row in rows("faq_atec500_queries_dev.tsv") if row["kind"] == "answerable"]
    for row in asked:
        ids = [hit.phrase.id for hit in bank.search(row["query"]).hits]
        first += ids[:1] == [row["cid"]]
        third += row["cid"] in ids
    assert first / len(asked) >= 0.39
    assert third / len(asked) >= 0.67


def test_messages_of_another_trade_get_lower_chances() -> None:
    bank = Bank(Phrase(row["cid"], row["question"]) for row in rows("faq_atec500_bank.tsv"))
    scores: dict[str, list[float]] = defaultdict(list)
    for row in rows("faq_atec500_queries_dev.tsv"):
        hits = bank.search(row["query"], top=1).hits
        scores[row["kind"]].append(hits[0].score if hits else 0.0)
    mine, others = scores["answerable"], scores["no_answer_other_domain"]
    told = sum((one > other) + (one == other) / 2 for one in mine for other in others) / (
        len(mine) * len(others)
    )
    assert told >= 0.965


def test_intents_are_found_in_dialogues_held_out() -> None:
    examples: dict[str, list[str]] = defaultdict(list)
    held = []
    for number, line in enumerate((SHARED / "uss_jddc_valid.jsonl").read_bytes().splitlines()):
        earlier: list[str] = []
        for turn in orjson.loads(line)["turns"]:
            if turn["intent"] and turn["intent"] != "OTHER":
                if number % 5:
                    examples[turn["intent"]].append(turn["user"])
                else:
                    held.append((turn["user"], tuple(earlier), turn["intent"]))
            earlier.append(turn["user"])
    bank = Bank(Phrase(name, name, examples=tuple(texts)) for name, texts in examples.items())
    results = [(bank.search(text, context=context), intent) for text, context, intent in held]
    first = sum(bool(result.hits) and result.hits[0].phrase.id == intent for result, intent in results)
    third = sum(intent in [hit.phrase.id for hit in result.hits] for result, intent in results)
    assert first / len(held) >= 0.37
    assert third / len(held) >= 0.57
