"""How often the linter speaks on real replies, rule by rule, beside the figures of those who read every finding.

    python benchmarks/lint_alarms.py

Reads the 10,260 agents' replies of the folder `shared` beside the repository (channel template, warning and above) and
compares the counts with `lint_labels.json`, which holds what two readers made of each finding: the author of the rules,
and somebody who had not seen them. A count that differs means that the labels are due again.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

# This folder has a file of the name of the package, and Python looks here first.
sys.path[:] = [
    folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent
]

from lint import Linter  # noqa: E402

REPLIES = Path(__file__).parents[1].parent / "shared" / "data" / "jddc_agent_replies_train.tsv"
LABELS = Path(__file__).with_name("lint_labels.json")


def main() -> None:
    if not REPLIES.exists():
        print("shared/data is absent beside the repository: nothing to read", file=sys.stderr)
        raise SystemExit(2)
    replies = [line for line in REPLIES.read_text("utf-8").split("\n")[1:] if line]
    labels = json.loads(LABELS.read_text("utf-8"))["rules"]
    found: Counter[str] = Counter()
    with_findings = 0
    for report in Linter.default().check_all(replies):
        codes = [finding.rule for finding in report.findings if finding.severity != "info"]
        found.update(codes)
        with_findings += bool(codes)
    print(f"{'rule':28}{'now':>6}{'labelled':>10}{'wrong (author)':>16}{'wrong (second)':>16}")
    for rule in sorted({*found, *labels}):
        label = labels.get(rule, {"findings": 0, "wrong_author": 0, "wrong_second": 0})
        print(
            f"{rule:28}{found[rule]:6}{label['findings']:10}{label['wrong_author']:16}{label['wrong_second']:16}"
        )
    wrong = [sum(label[key] for label in labels.values()) for key in ("wrong_author", "wrong_second")]
    print(
        f"{len(replies):,} replies, {with_findings} with findings; wrong in 1,000: "
        f"{wrong[0] / len(replies) * 1000:.2f} (author), {wrong[1] / len(replies) * 1000:.2f} (second reader)"
    )
    if any(found[rule] != labels.get(rule, {"findings": 0})["findings"] for rule in {*found, *labels}):
        print("the counts differ from those that were labelled: read the findings again")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
