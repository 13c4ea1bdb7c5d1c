"""Count how often characters and pairs of them stand in service replies: `lint/tables/frequency.json`.

Run beside the folder `shared`: `python tools/build_lint_frequency.py`. The table says for one and two folded characters in what
share of replies they stand; what stands in fewer than one in 300 is left out. It only guides which patterns are tried
when, and changes no finding. Source: the agents' replies of `shared/data`; no sentence can be read from it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from lint.folding import fold, is_noise

ROOT = Path(__file__).parents[1]
REPLIES = ROOT.parent / "shared" / "data" / "jddc_agent_replies_train.tsv"
LEAST = 1 / 300


def main() -> None:
    lines = [line for line in REPLIES.read_text("utf-8").split("\n")[1:] if line]
    seen: Counter[str] = Counter()
    for line in lines:
        text = re.sub(r"\[[^\]]*x\]", "8", line)  # masked numbers and the like
        tight = fold(text, "tight")
        seen.update({*tight, *(tight[at : at + 2] for at in range(len(tight) - 1))})
        seen.update(set(filter(is_noise, fold(text, "plain"))))
    shares = {
        string: round(count / len(lines), 4) for string, count in seen.items() if count / len(lines) >= LEAST
    }
    path = ROOT / "lint" / "tables" / "frequency.json"
    path.write_text(
        json.dumps(dict(sorted(shares.items())), ensure_ascii=False, indent=0) + "\n", "utf-8", newline="\n"
    )
    print(f"{path.name}: {len(shares):,} entries, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
