"""Broken rule files are refused with file, line and remedy; custom folders work."""

from __future__ import annotations

from pathlib import Path

import pytest
from lint_runner import HOUSE_RULE

from lint import Linter, RuleError
from lint.rulebook import read_rule


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("category: house", "category: other", 1, "应写成 other/"),
        ("source: 店规（2024-05-01）", "source: 店规", 7, "年份"),
        ("severity: warning", "severity: fatal", 4, "error、warning、info"),
        ("  - terms: [小可爱]", "  - terms: []", 10, "至少"),
        ("  - terms: [小可爱]", "  - terms: [小可爱]\n    colour: red", 11, "不认识的键 colour"),
        ("  - terms: [小可爱]", "  - pattern: '(?=小)'\n    needs: [小]", 10, "RE2"),
        ("  - terms: [小可爱]", "  - pattern: '[一-龥]'\n    needs: [小]", 10, r"\p{Han}"),
        ("  - terms: [小可爱]", "  - pattern: '小'", 9, "needs"),
        ("  - terms: [小可爱]", "  - terms: ['❤❤']", 10, "符号"),
        ("  - terms: [小可爱]", "  - whole: [小可爱]\n    terms: [小]", 10, "有且只有"),
        ("good: [您好]", "good: []", 12, "至少"),
        ("why: 店里规定\n", "", 1, "why"),
        ("bad: [小可爱您好]", "bad: [小可爱您好", 12, "YAML"),
    ],
)
def test_a_broken_rule_is_refused_with_line_and_remedy(old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        read_rule("house/nickname.yaml", HOUSE_RULE.replace(old, new))
    assert caught.value.path == "house/nickname.yaml"
    assert abs(caught.value.line - line) <= 1
    assert said in str(caught.value)


def test_a_custom_folder_adds_to_the_built_in_rules(tmp_path: Path) -> None:
    (tmp_path / "nickname.yaml").write_text(HOUSE_RULE, "utf-8")
    linter = Linter.from_folder(tmp_path)
    assert [f.rule for f in linter.check("小可爱，这是顶级的").findings] == [
        "house/nickname",
        "ad-law/extreme",
    ]
    alone = Linter.from_folder(tmp_path, builtin=False)
    assert [f.rule for f in alone.check("小可爱，这是顶级的").findings] == ["house/nickname"]


def test_two_files_with_one_code_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(HOUSE_RULE, "utf-8")
    (tmp_path / "b.yaml").write_text(HOUSE_RULE, "utf-8")
    with pytest.raises(RuleError, match="已被"):
        Linter.from_folder(tmp_path)
