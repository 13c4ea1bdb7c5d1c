"""How fast the linter is, beside the usual way and beside the least that any linter must do.

    python benchmarks/lint.py [--rounds 5]

Sentences: the agents' replies of `shared/data` beside the repository (their masks filled with digits), or else the starter
phrases. In every round each way reads all sentences; the median round counts, and only ratios of one run mean anything.

- usual: NFKC, lower case, OpenCC to Simplified, symbols stripped, then `in` for every word of the rules
- bare: one `str.translate` and one Aho-Corasick pass over the words of the rules, nothing done with what is found
- ours: all rules, views, exemptions and reports; many at once (as files are linted) and one at a time (as a chat is)
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

# This file bears the name of the package that it measures, and Python looks into its folder first.
sys.path[:] = [
    folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent
]

import daachorse  # noqa: E402
import yaml  # noqa: E402

from lint import Linter  # noqa: E402
from lint.folding import TIGHT  # noqa: E402
from lint.rulebook import read_rule  # noqa: E402

REPLIES = Path(__file__).parents[1].parent / "shared" / "data" / "jddc_agent_replies_train.tsv"
ADDED = 60_000


def sentences() -> list[str]:
    if REPLIES.exists():
        lines = REPLIES.read_text("utf-8").split("\n")[1:]
        return [re.sub(r"\[[^\]]*x\]", "68", line) for line in lines if line]
    from phrasebank.starting import starter_phrases

    return [phrase.text for phrase in starter_phrases()] * 20


def words_of(linter: Linter) -> list[str]:
    return sorted({word for rule in linter.rules for matcher in rule.matchers for word in matcher.terms})


def usual(texts: Sequence[str], words: Sequence[str]) -> Callable[[], None]:
    import opencc

    convert = opencc.OpenCC("t2s").convert
    noise = re.compile(r"[^\w%+]|_")

    def run() -> None:
        for text in texts:
            folded = noise.sub("", convert(unicodedata.normalize("NFKC", text).lower()))
            for word in words:
                if word in folded:
                    pass

    return run


def bare(texts: Sequence[str], words: Sequence[str]) -> Callable[[], None]:
    machine = daachorse.CharwiseDoubleArrayAhoCorasick(list(words))

    def run() -> None:
        for text in texts:
            machine.find_overlapping(text.translate(TIGHT))

    return run


def ours(texts: Sequence[str], linter: Linter) -> Callable[[], None]:
    def run() -> None:
        for _ in linter.check_all(texts):
            pass

    return run


def one_by_one(texts: Sequence[str], linter: Linter) -> Callable[[], None]:
    def run() -> None:
        for text in texts:
            linter.check(text)

    return run


def with_more_words(linter: Linter) -> Linter:
    """The same rules and one more with 60,000 made-up words of two to five everyday characters."""
    chance = random.Random(20261122)
    characters = [
        bytes([high, low]).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFF)
    ]
    terms = sorted(
        {"".join(chance.choices(characters, k=chance.choice((2, 3, 3, 4, 4, 5)))) for _ in range(ADDED * 2)}
    )
    rule = {
        "rule": "house/many", "name": "店规", "category": "house", "severity": "warning", "message": "{match}",
        "why": "店规", "source": "2026", "suggestion": "换个说法", "match": [{"terms": chance.sample(terms, ADDED)}],
        "bad": ["无"], "good": ["无"],
    }  # fmt: skip
    return Linter((*linter.rules, read_rule("many.yaml", yaml.safe_dump(rule, allow_unicode=True))))


def timed(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Median seconds of each way; the ways take turns, so that all see the same machine."""
    for run in ways.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            start = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


SHAPES = {
    "chat": "亲，您好，这款有货的，今天下单明天发出哦。",
    "one word": "最",
    "exempted words": "最近",
    "a hit each": "顶级面料，",
    "spaced": "最 佳 品 质 ",
    "symbols": "【】｛｝[]()",
    "open brackets": "{",
    "digits": "1380013800",
    "letters": "zuihao",
    "combining": "最\u0336",
    "commas": "，",
    "needs": "发票信用卡好评微信地址",
    "emoji": "👨‍👩‍👧最",
}


def linearity(linter: Linter) -> None:
    print("\nmicroseconds a character by length of the text (linear: the columns are alike)")
    print(f"{'shape':16}" + "".join(f"{size:>12,}" for size in (1_000, 10_000, 100_000)))
    for shape, piece in SHAPES.items():
        cells = []
        for size in (1_000, 10_000, 100_000):
            text = (piece * (size // len(piece) + 1))[:size]
            best = min(_once(linter, text) for _ in range(3))
            cells.append(f"{best / size * 1e6:12.2f}")
        print(f"{shape:16}" + "".join(cells))


def _once(linter: Linter, text: str) -> float:
    start = time.perf_counter()
    linter.check(text)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    texts = sentences()
    linter = Linter.default()
    words = words_of(linter)
    many = with_more_words(linter)
    few = texts[:: max(1, len(texts) // 500)]
    taken = timed(
        {
            "bare": bare(texts, words),
            "ours, many at once": ours(texts, linter),
            "ours, one at a time": one_by_one(texts, linter),
            "ours, 60,000 more words": ours(texts, many),
        },
        rounds,
    )
    slow = timed({"usual": usual(few, words)}, 1)["usual"] * len(texts) / len(few)
    print(f"{len(texts):,} sentences of {sum(map(len, texts)) / len(texts):.0f} characters, {len(words):,} words, "
          f"{len(linter.rules)} rules, median of {rounds} rounds")  # fmt: skip
    print(f"{'way':26}{'sentences/s':>14}{'to bare':>10}{'to usual':>10}")
    for name, seconds in {"usual": slow, **taken}.items():
        print(f"{name:26}{len(texts) / seconds:14,.0f}{taken['bare'] / seconds:10.3f}{slow / seconds:10.1f}")
    growth = taken["ours, 60,000 more words"] / taken["ours, many at once"] - 1
    print(f"cost a sentence with 60,000 more words: {growth:+.1%}")
    linearity(linter)


if __name__ == "__main__":
    main()
