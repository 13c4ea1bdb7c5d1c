"""`--fix` and `--diff`: only what is safe, byte for byte, in every format, and once."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import openpyxl
import pytest
from lint_runner import found, git, lint, records

from lint import Linter, RuleError
from lint.rulebook import read_rule

FIXES = [(rule, word, new) for rule in Linter.default().rules for word, new in rule.fix.items()]


@pytest.mark.parametrize(("rule", "word", "new"), FIXES, ids=lambda value: getattr(value, "code", value))
def test_a_replacement_is_clean_under_all_rules_and_its_word_is_not(rule, word: str, new: str) -> None:  # type: ignore[no-untyped-def]
    linter = Linter.default()
    assert (rule.code, word) in [(f.rule, f.match) for f in linter.check(word).findings]
    for frame in ("{}", "{}！", "这款{}", "亲，这是{}的面料", "我们的{}，欢迎选购", "{}商品，{}做工"):
        assert linter.check(frame.replace("{}", new)).findings == ()


def test_there_are_rewrites_for_words_of_law_and_of_tone() -> None:
    assert {"ad-law", "tone"} <= {rule.category for rule, _, _ in FIXES}
    assert 8 <= len(FIXES) <= 60


CASES: dict[str, tuple[str, str]] = {
    "a.txt": ("这是顶级毛巾\n嗯\n您好", "这是优质毛巾\n好的\n您好"),
    "crlf.txt": ("这是顶级毛巾\r\n\r\n嗯。\r\n", "这是优质毛巾\r\n\r\n好的。\r\n"),
    "a.md": ("# 顶级毛巾\n\n`顶级` <!-- 顶级 -->\n```\n顶级\n```\n", "# 优质毛巾\n\n`优质` <!-- 顶级 -->\n```\n顶级\n```\n"),
    "a.csv": ('id,text\n顶级,"他说""顶级""\n顶级"\n', 'id,text\n顶级,"他说""优质""\n优质"\n'),
    "a.json": ('{"id": "顶级", "text":  "a\\n顶级\\ud83d\\ude00顶级"}', '{"id": "顶级", "text":  "a\\n优质\\ud83d\\ude00优质"}'),
    "a.jsonl": ('{"text":"顶级"}\n{"text":"\\u9876\\u7ea7"}\n', '{"text":"优质"}\n{"text":"\\u9876\\u7ea7"}\n'),
    "a.yaml": ("# 顶级\n- text: >-\n    这是\n    顶级毛巾\n- \"\\t顶级\" # 顶级\n", "# 顶级\n- text: >-\n    这是\n    优质毛巾\n- \"\\t优质\" # 顶级\n"),
    "a.toml": ("a = '顶级' # 顶级\nb = \"\"\"\n顶级\\\n  毛巾\"\"\"\n", "a = '优质' # 顶级\nb = \"\"\"\n优质\\\n  毛巾\"\"\"\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_mended_in_place_and_only_once(name: str, tmp_path: Path) -> None:
    before, after = CASES[name]
    path = tmp_path / name
    path.write_bytes(before.encode())
    shown = lint(path, "--diff")
    assert path.read_bytes() == before.encode()
    lint(path, "--fix", "--format", "jsonl")
    assert path.read_bytes().decode() == after
    stamp = path.stat().st_mtime_ns
    again = lint(path, "--fix", "--format", "jsonl")
    assert path.read_bytes().decode() == after
    assert path.stat().st_mtime_ns == stamp
    assert "0 处" in again.stderr
    path.write_bytes(before.encode())
    done = subprocess.run(
        ["patch", "-p0", "--binary", str(path)], input=shown.stdout_bytes, cwd=tmp_path, check=False
    )
    assert done.returncode == 0
    assert path.read_bytes().decode() == after


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encoding_and_mark_are_kept(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("您好，我们店里的\r\n这是顶级毛巾，欢迎选购\r\n".encode(encoding))
    lint(path, "--fix")
    assert path.read_bytes() == "您好，我们店里的\r\n这是优质毛巾，欢迎选购\r\n".encode(encoding)


def test_what_is_left_is_reported_and_decides_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("顶级毛巾\n", "utf-8")
    (tmp_path / "b.txt").write_text("顶级毛巾，全网第一\n", "utf-8")
    result = lint(tmp_path / "a.txt", "--fix", "--format", "jsonl")
    assert (result.exit_code, found(result)) == (0, [])
    assert "1 个文件，1 处" in result.stderr
    result = lint(tmp_path / "b.txt", "--fix", "--format", "jsonl")
    assert (result.exit_code, found(result)) == (1, [("ad-law/first", 1, "全网第一")])
    assert records(result)[0]["text"] == "优质毛巾，全网第一"


def test_a_difference_is_shown_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("您好\n顶级毛巾", "utf-8")
    result = lint(path, "--diff")
    assert result.stdout.splitlines()[2:] == [
        "@@ -1,2 +1,2 @@", " 您好", "-顶级毛巾", "\\ No newline at end of file", "+优质毛巾",
        "\\ No newline at end of file",
    ]  # fmt: skip
    assert result.exit_code == 1
    assert path.read_text("utf-8") == "您好\n顶级毛巾"
    path.write_text("您好\n", "utf-8")
    assert (lint(path, "--diff").exit_code, lint(path, "--diff").stdout) == (0, "")


def test_what_is_disguised_suppressed_known_or_unchanged_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.txt"
    text = "顶.级\n頂級\nding级\n顶级 # miaohui: ignore ad-law -- 商标\n"
    path.write_text(text, "utf-8")
    lint("a.txt", "--fix")
    assert path.read_text("utf-8") == text
    path.write_text("顶级甲\n顶级乙\n", "utf-8")
    lint("a.txt", "--write-baseline", "known.json")
    path.write_text("顶级甲\n顶级丙\n", "utf-8")
    result = lint("a.txt", "--fix", "--baseline", "known.json", "--format", "jsonl")
    assert path.read_text("utf-8") == "顶级甲\n优质丙\n"
    assert [rule for rule, _, _ in found(result)] == ["lint/stale-baseline"]
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "x")
    path.write_text("顶级甲\n顶级丁\n", "utf-8")
    lint("a.txt", "--fix", "--changed-since", "HEAD")
    assert path.read_text("utf-8") == "顶级甲\n优质丁\n"


def test_a_workbook_is_not_rewritten_and_the_user_is_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["顶级毛巾"])
    out = io.BytesIO()
    book.save(out)
    (tmp_path / "a.xlsx").write_bytes(out.getvalue())
    result = lint(tmp_path / "a.xlsx", "--fix")
    assert (tmp_path / "a.xlsx").read_bytes() == out.getvalue()
    assert result.exit_code == 1
    assert "xlsx" in result.stderr


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("顶级\n", "utf-8")
    path.chmod(0o640)
    (tmp_path / "b.txt").symlink_to(path)
    lint(tmp_path / "b.txt", "--fix")
    assert (tmp_path / "b.txt").is_symlink()
    assert path.read_text("utf-8") == "优质\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_ends_with_two(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("顶级\n", "utf-8")
    path.chmod(0o444)
    assert lint(path, "--fix").exit_code == 2


def test_a_failed_write_leaves_the_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("顶级\n", "utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    result = lint(path, "--fix", "--format", "jsonl")
    assert result.exit_code == 2
    assert "a.txt" in result.stderr
    assert found(result) == [("ad-law/extreme", 1, "顶级")]
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text("utf-8") == "顶级\n"


def test_standard_input_cannot_be_rewritten() -> None:
    for option in ("--fix", "--diff"):
        assert lint("-", option, stdin="顶级\n").exit_code == 2


def test_a_rewrite_that_would_bring_another_finding_is_not_made(tmp_path: Path) -> None:
    """The custom rule's own replacement is harmless alone and a finding where it lands."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(RULE.replace("顶呱呱: 很好", "顶呱呱: 第"), "utf-8")
    path = tmp_path / "a.txt"
    path.write_text("全网销量顶呱呱一\n质量顶呱呱\n", "utf-8")
    lint(path, "--rules", tmp_path / "rules", "--fix")
    assert path.read_text("utf-8") == "全网销量顶呱呱一\n质量第\n"


RULE = """\
rule: house/boast
name: 夸口
category: house
severity: warning
message: “{match}”是夸口
why: 店里规定
source: 店规（2024-05-01）
suggestion: 说事实
match:
  - terms: [顶呱呱]
fix: {顶呱呱: 很好}
bad: [质量顶呱呱]
good: [您好]
"""


@pytest.mark.parametrize(
    ("fix", "said"),
    [
        ("{呱呱: 很好}", "不是这条规则的词"),
        ("{顶呱呱: ''}", "不能为空"),
        ("{顶呱呱: '\"好\"'}", "中文标点"),
        ("{顶呱呱: 'a: b'}", "中文标点"),
        ("{顶呱呱: 1}", "应是一个词"),
        ("[顶呱呱]", "fix 应是"),
    ],
)
def test_a_broken_fix_is_refused_with_its_line(fix: str, said: str) -> None:
    with pytest.raises(RuleError, match=said) as caught:
        read_rule("a.yaml", RULE.replace("{顶呱呱: 很好}", fix))
    assert caught.value.line == 11


def test_a_word_within_a_wider_finding_is_replaced_where_that_clears_it(tmp_path: Path) -> None:
    """The finding 顶级面料 may be of another rule than the word 顶级; one of tone is never cut into."""
    path = tmp_path / "a.txt"
    path.write_text("这是顶级面料\n顶级的\n哦，你自己看\n", "utf-8")
    lint(path, "--fix")
    assert path.read_text("utf-8") == "这是优质面料\n优质的\n哦，你自己看\n"


def test_the_output_says_what_could_be_fixed(tmp_path: Path) -> None:
    (record,) = records(lint("-", "--format", "jsonl", stdin="顶级毛巾，全网第一\n"))
    assert [finding.get("fix") for finding in record["findings"]] == [
        {"start": 0, "end": 2, "text": "优质"},
        None,
    ]
    assert "顶级 → 优质" in lint("--explain", "ad-law/extreme").stdout
