"""Train the attitude model and write `lint/tables/attitude.npz` (hashed 8-bit weights; no sentence can be read from them).

    python tools/train_attitude.py --data ../shared/data --own ../attitude [--out lint/tables/attitude.npz]

`--own` holds two folders of text files, one sentence a line: `rude` and `fine`. Added are the examples of the rules and
tests/lint/sentences.yaml. Files of one group (`--groups`) were written by one hand and are judged together, by a model that
saw none of them; real replies are judged in fifths. Needs the `build-data` extra. The sets are described in
docs/attitude-data-sheet.md. With the same sets and versions the same file comes out.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from rapidfuzz import fuzz, process
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from lint import attitude
from lint.folding import PART, coded, fold

FOLDS = 5
SEED = 7
C = 16.0
ALIKE = 75
"""From this likeness (0 to 100) a sentence counts as known to the held-out set and is not trained on."""
GRAMS, SMALL = 1 << attitude.BITS, 1 << attitude.SMALL_BITS


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in the tight view, and where it comes from."""

    tight: str
    rude: bool
    source: str
    real: bool = False


def read_real(data: Path) -> Iterable[tuple[str, str]]:
    """Agent replies that were really sent: set and text."""
    for line in (data / "jddc_agent_replies_train.tsv").read_text("utf-8").split("\n")[1:]:
        yield "jddc", line
    for line in (data / "uss_jddc_valid.jsonl").read_text("utf-8").splitlines():
        for turn in json.loads(line)["turns"]:
            yield "uss", turn["agent_after"]
    for line in (data / "uneed_dialogues.jsonl").read_text("utf-8").splitlines():
        for turn in json.loads(line)["dialogue"]:
            if turn["sender_type"] == "客服":
                yield "uneed", turn["send_content"]


def read_own(own: Path) -> Iterable[tuple[str, str, bool]]:
    """Sentences written for the project: source, text, whether rude."""
    for kind in ("rude", "fine"):
        for path in sorted((own / kind).glob("*.txt")):
            for line in path.read_text("utf-8").split("\n"):
                yield path.stem, line, kind == "rude"
    for path in sorted(Path("lint/rules").glob("*/*.yaml")):
        rule = yaml.safe_load(path.read_text("utf-8"))
        if path.parent.name == "tone":
            for text in [*rule.get("bad", ()), *rule.get("known_misses", ())]:
                yield "rules", text, True
        for text in rule.get("good", ()):
            yield "rules", text, False
    sentences = yaml.safe_load(Path("tests/lint/sentences.yaml").read_text("utf-8"))
    for text in sentences["harmful"]["tone"]:
        yield "rules", text, True
    for text in sentences["harmless"]:
        yield "rules", text, False


def read_sentences(data: Path, own: Path, held_out: Sequence[str] = ()) -> list[Sentence]:
    """Everything once, without what is too like a held-out sentence."""
    found: dict[str, Sentence] = {}
    for source, text, rude in read_own(own):
        tight = fold(text, "tight")
        if tight:
            found.setdefault(tight, Sentence(tight, rude, source))
    before = len(found)
    if held_out:
        judged = [fold(text, "tight") for text in held_out]
        found = {
            tight: sentence
            for tight, sentence in found.items()
            if process.extractOne(tight, judged, scorer=fuzz.ratio, score_cutoff=ALIKE) is None
        }
        print(f"{before - len(found)} of {before} own sentences are too like held-out ones and left out")
    for source, text in read_real(data):
        tight = fold(text, "tight")
        # A few of the shorter ones are truly curt.
        if len(tight) >= attitude.LEAST:
            found.setdefault(tight, Sentence(tight, False, source, real=True))
    return list(found.values())


def rows(texts: Sequence[str]) -> sparse.csr_matrix:
    """Texts as rows, exactly as `attitude.scores` weighs them."""
    joined = chr(PART).join(texts)
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
    codes = attitude.padded(coded(joined))
    found = attitude.runs(codes)
    at = found.small_at
    inside = ~attitude.over_border(codes)
    small_inside = ~attitude.over_border(codes.take(at))
    places = np.concatenate(
        [
            np.arange(len(codes) - 1),
            np.arange(len(codes) - 1),
            np.flatnonzero(inside),
            at[:-1],
            at[:-2][small_inside],
        ]
    )
    slots = np.concatenate(
        [
            found.ones[:-1],
            found.twos,
            found.threes[inside],
            GRAMS + found.small_twos,
            GRAMS + found.small_threes[small_inside],
        ]
    ).astype(np.int64)
    owners = np.searchsorted(starts, places, side="right") - 1
    lengths = np.diff(starts) - 1
    length_at, address_at = attitude.traits(codes, starts[:-1], lengths)
    texts_at = np.arange(len(texts))
    addressed = address_at >= 0
    values = np.concatenate([1 / np.sqrt(lengths + 1)[owners], np.ones(len(texts) + addressed.sum())])
    columns = np.concatenate([slots, GRAMS + SMALL + length_at, GRAMS + SMALL + address_at[addressed]])
    table = sparse.csr_matrix(
        (values, (np.concatenate([owners, texts_at, texts_at[addressed]]), columns)),
        shape=(len(texts), GRAMS + SMALL + attitude.TRAITS),
    )
    table.sum_duplicates()
    return table


def fit(table: sparse.csr_matrix, rude: np.ndarray) -> attitude.Weights:
    """A model of the rows. The solver needs no luck: rows and columns are in one order, and so is what comes out."""
    used = np.flatnonzero(np.asarray((table > 0).sum(0)).ravel())
    model = LogisticRegression(C=C, solver="liblinear", intercept_scaling=3, tol=1e-3, random_state=SEED)
    model.fit(table[:, used], rude)
    found = np.zeros(table.shape[1])
    found[used] = model.coef_[0]
    return quantised(found, float(model.intercept_[0]))


def quantised(found: np.ndarray, bias: float) -> attitude.Weights:
    """Weights as 8-bit numbers."""
    signs = found[: GRAMS + SMALL]
    scale = float(np.float32(np.abs(signs).max() / 127))
    small = np.round(signs / scale).astype(np.int8)
    # float32 in the file; the last is for texts that address nobody.
    known = np.append(found[GRAMS + SMALL :], 0).astype(np.float32).astype(np.float64)
    return attitude.Weights(small[:GRAMS], small[GRAMS:], known, scale, float(np.float32(bias)))


def fold_of(sentences: Sequence[Sentence], groups: Sequence[Sequence[str]]) -> np.ndarray:
    """In which fold a sentence is judged: our own by group, real ones by how they begin."""
    where = {name: number for number, group in enumerate(groups) for name in group}
    return np.array(
        [
            zlib.crc32(s.tight[:10].encode("utf-8", "surrogatepass")) % FOLDS
            if s.real
            else where.get(s.source, 0)
            for s in sentences
        ]
    )


def cross_validated(sentences: Sequence[Sentence], table: sparse.csr_matrix, folds: np.ndarray) -> np.ndarray:
    """The score of every sentence by a model that saw neither it nor its group."""
    found, rude = np.zeros(len(sentences)), np.array([s.rude for s in sentences])
    for number in range(FOLDS):
        inside = folds == number
        weights = fit(table[~inside], rude[~inside])
        found[inside] = scored([s.tight for s, i in zip(sentences, inside, strict=True) if i], weights)
    return found


def scored(texts: Sequence[str], weights: attitude.Weights) -> np.ndarray:
    """Scores by other weights than those of the repository."""
    starts = [0, *np.cumsum([len(text) + 1 for text in texts]).tolist()]
    return attitude.scores(coded(chr(PART).join(texts)), starts, weights)


def write(weights: attitude.Weights, out: Path) -> None:
    """The model file, byte for byte the same whenever it is written."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in (
            ("runs", weights.runs),
            ("small", weights.small),
            ("traits", weights.traits.astype(np.float32)),
            ("scale", np.float32(weights.scale)),
            ("bias", np.float32(weights.bias)),
        ):
            stored = io.BytesIO()
            np.save(stored, array)
            # The default date is fixed.
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy"), stored.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9
            )


def report(sentences: Sequence[Sentence], found: np.ndarray) -> None:
    """Figures of the cross-validation."""
    real = np.array([s.real for s in sentences])
    highest = np.sort(found[real])[::-1]
    print(f"real replies: {real.sum()}, highest scores {np.round(highest[:12], 3).tolist()}")
    for line in (0.9, attitude.THRESHOLD, 0.96):
        parts = []
        for rude in (True, False):
            for source in sorted({s.source for s in sentences if s.rude == rude}):
                mask = np.array([s.source == source and s.rude == rude for s in sentences])
                parts.append(
                    f"{source} {'rude' if rude else 'fine'} {(found[mask] > line).sum()}/{mask.sum()}"
                )
        print(f"above {line:.3f}: " + ", ".join(parts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--own", type=Path, required=True, help="folder of our own sentences")
    parser.add_argument("--groups", nargs="*", default=[], help="files of one hand, joined by commas")
    parser.add_argument(
        "--held-out", type=Path, help="sentences, one a line, that nothing alike may be trained on"
    )
    parser.add_argument("--out", type=Path, default=Path("lint/tables/attitude.npz"))
    options = parser.parse_args()
    held_out = options.held_out.read_text("utf-8").split("\n") if options.held_out else []
    sentences = read_sentences(options.data, options.own, [line for line in held_out if line])
    print(
        f"{sum(s.rude for s in sentences)} rude, {sum(not s.rude and not s.real for s in sentences)} fine, "
        f"{sum(s.real for s in sentences)} real"
    )
    table = rows([s.tight for s in sentences])
    groups = [group.split(",") for group in options.groups]
    report(sentences, cross_validated(sentences, table, fold_of(sentences, groups)))
    write(fit(table, np.array([s.rude for s in sentences])), options.out)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
