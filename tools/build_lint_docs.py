"""Write a page for every rule into `docs/rules/`, from the rules themselves. Run as `python tools/build_lint_docs.py`.

With `--check` nothing is written; the exit code is 1 if a page is missing, stale or left over.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from lint import CHANNELS, Linter, Rule  # noqa: E402

FOLDER = ROOT / "docs" / "rules"
FORM = """
## 写自己的规则

每个 YAML 文件一条规则，放进一个文件夹，用 `miaohui lint --rules 文件夹` 加上。写错的文件会报出文件、行号和改法。
表达式读的是折叠后的文字：“一”已经是 1，所以 `\\p{Han}` 之间可能有数字，宜写 `[\\p{Han}1]`。

| 键 | 含义 |
|---|---|
| `rule` `name` `category` | 代码（`类别/名称`，永不改用）、名称、类别 |
| `severity` | `error`、`warning`、`info`，或给 `live` `template` `auto` `listing` 各写一个，`off` 为不查 |
| `message` `why` `source` `suggestion` | 说什么（`{match}` 换成原文）、为什么、带年份的出处、怎么改 |
| `match` | 列表，每项是 `terms`（出现即算）、`whole`（整条就是它）、`pattern`（RE2 表达式，没有环视和反向引用，执行时间与字数成正比）、`repeat`（与本会话前文的相似度）、`longer_than`（字数）之一 |
| `match` 里的 `evasion` `near` | `terms` 默认也认谐音、拼音、拆字等变体，`evasion: false` 不认；`near` 要求前后 20 字内出现某个表达式 |
| `match` 里的 `needs` `view` `check` | 配 `pattern`。`needs`：表达式里也要认变体的词（只含数字时写 `digits`）；`view`：`plain`（半角、简体、汉字数字变成 1 2 3）、`tight`（再去掉词间杂符，断句处留逗号）、`raw`（原文）；`check`：再验 `id-number`、`bank-card`。有名为 `hit` 的分组时只报那一段，没匹配到 `hit` 的分支不报 |
| `exempt` | 列表，每项用 `words`（包住命中的更长的词）、`left`、`right`、`near`、`for` 说明何时放行，并写 `reason` |
| `platforms` | 只对这些平台 |
| `fix` | 可以直接替换的词：`原词: 换成`，供 `miaohui lint --fix` |
| `bad` `good` `known_misses` | 会提示、不提示、已知漏掉的例句，测试会逐条运行 |
"""


def page(rule: Rule) -> str:
    """The page of one rule, in Markdown."""
    levels = "，".join(f"{channel} {rule.severity.get(channel, '不查')}" for channel in CHANNELS)
    parts = [
        f"# {rule.code} {rule.name}",
        f"级别：{levels}",
        f"## 为什么\n\n{rule.why}",
        f"## 怎么改\n\n{rule.suggestion}",
    ]
    for heading, items in (
        ("会提示", rule.bad),
        ("不提示", rule.good),
        ("已知漏掉的", rule.known_misses),
        ("可以直接替换", tuple(f"{word} → {to}" for word, to in rule.fix.items())),
        ("什么时候放行", tuple(dict.fromkeys(exemption.reason for exemption in rule.exemptions))),
    ):
        if items:
            parts.append(f"## {heading}\n\n" + "\n".join(f"- {item}" for item in items))
    parts.append(f"## 依据\n\n{rule.source}")
    return "\n\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """File name below `docs/rules/` to its content."""
    rules = Linter.default().rules
    made = {f"{rule.code}.md": page(rule) for rule in rules}
    rows = "\n".join(
        f"| [{r.code}]({r.code}.md) | {r.name} | {r.severity.get('template', '不查')} |" for r in rules
    )
    made["README.md"] = (
        "# 规则\n\n由 `tools/build_lint_docs.py` 生成，请勿手改。\n\n"
        f"| 代码 | 名称 | template 渠道 |\n|---|---|---|\n{rows}\n{FORM}"
    )
    return made


def main() -> int:
    made = pages()
    present = {p.relative_to(FOLDER).as_posix(): p.read_text("utf-8") for p in FOLDER.rglob("*.md")}
    if "--check" in sys.argv:
        stale = sorted(name for name in made.keys() | present.keys() if made.get(name) != present.get(name))
        for name in stale:
            print(f"stale: docs/rules/{name}")
        return 1 if stale else 0
    for name in present.keys() - made.keys():
        (FOLDER / name).unlink()
    for name, content in made.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8", newline="\n")
    print(f"{len(made)} pages")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
