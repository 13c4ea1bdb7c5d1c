"""Write `docs/policy.zh.md` from the knobs of a policy. Run as `python tools/build_policy_docs.py`.

With `--check` nothing is written; the exit code is 1 if the page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app.core.knobs import GROUPS, LISTS, Kind, Knob  # noqa: E402
from app.core.policies import Policy  # noqa: E402

PAGE = ROOT / "docs" / "policy.zh.md"
DEFAULTS = Policy().to_json()


def page() -> str:
    """The page as it should be."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# 策略一览"
    yield ""
    yield (
        "机器什么时候自己说话、说什么。在看板的「策略」页改，或用 [接口](integration.md)、"
        "`miaohui shop policy` 改；三处用的是同一张表，这一页由它生成。"
    )
    for group in GROUPS:
        yield from (
            "",
            f"## {group.name}",
            "",
            group.help,
            "",
            "| 设置 | 名字 | 默认 | 可以是 | 说明 |",
            "|---|---|---|---|---|",
        )
        for knob in group.knobs:
            yield f"| {knob.label} | `{knob.name}` | {_default(knob)} | {_range(knob)} | {knob.help} |"


def _default(knob: Knob) -> str:
    value = DEFAULTS[knob.name]
    if knob.kind is Kind.SWITCH:
        return "开" if value else "关"
    if knob.kind is Kind.CHOICE:
        return f"`{value}`"
    if knob.kind in LISTS:
        return "、".join(value) or "（空）"
    return f"{value:g} {knob.unit}".strip()


def _range(knob: Knob) -> str:
    if knob.kind is Kind.SWITCH:
        return "`true`、`false`"
    if knob.kind is Kind.CHOICE:
        return "；".join(f"`{value}` {label}" for value, label in knob.choices)
    if knob.kind in LISTS:
        return f"最多 {knob.most} 个，每个 {knob.longest} 字以内"
    return f"{knob.low} 到 {knob.high} {knob.unit}".strip()


def main(arguments: list[str]) -> int:
    wanted = page()
    if "--check" not in arguments:
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != wanted)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
