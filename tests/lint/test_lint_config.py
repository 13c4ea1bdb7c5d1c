"""Settings of the linter: where they are found, what they do, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from lint_runner import HOUSE_RULE, found, lint, records


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(text: str, name: str = ".miaohui.toml") -> None:
    Path(name).write_text(text, "utf-8")


def test_the_nearest_file_upward_counts(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings('[tool.miaohui.lint]\nfail-on = "warning"\n', "pyproject.toml")
    inner = shop / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert lint("-", stdin="爱买不买\n").exit_code == 1
    # A project file without our section is passed over.
    (shop / "a" / "pyproject.toml").write_text("[tool.other]\nx = 1\n", "utf-8")
    assert lint("-", stdin="爱买不买\n").exit_code == 1
    (shop / "a" / ".miaohui.toml").write_text("[lint]\nfail-on = 'error'\n", "utf-8")
    assert lint("-", stdin="爱买不买\n").exit_code == 0
    assert lint("-", "--no-config", stdin="爱买不买\n").exit_code == 0
    assert lint("-", "--config", str(shop / "pyproject.toml"), stdin="爱买不买\n").exit_code == 1


def test_in_one_folder_our_own_file_comes_first() -> None:
    settings('[tool.miaohui.lint]\nfail-on = "warning"\n', "pyproject.toml")
    settings('[lint]\nfail-on = "error"\n')
    assert lint("-", stdin="爱买不买\n").exit_code == 0


def test_flags_win() -> None:
    settings('[lint]\nchannel = "live"\nfail-on = "warning"\nplatform = "tmall"\n')
    assert lint("-", stdin="顶级毛巾\n").exit_code == 1
    assert lint("-", "--fail-on", "error", stdin="顶级毛巾\n").exit_code == 0
    assert lint("-", "--fail-on", "error", "--channel", "template", stdin="顶级毛巾\n").exit_code == 1


def test_rules_are_switched_off_and_reweighed() -> None:
    text = "顶级毛巾，全网第一，爱买不买\n"
    assert len(found(lint("-", "--format", "jsonl", stdin=text))) == 3
    settings(
        '[lint]\ndisable = ["ad-law/first"]\n'
        '[lint.severity]\nad-law = "info"\ntone = "off"\n"ad-law/extreme" = "warning"\n'
    )
    (record,) = records(lint("-", "--format", "jsonl", stdin=text))
    assert [(f["rule"], f["severity"]) for f in record["findings"]] == [
        ("ad-law/extreme", "warning"),
        ("ad-law/ranking", "info"),  # what the rule that is off had covered
    ]
    assert found(lint("-", "--format", "jsonl", "--disable", "ad-law", stdin=text)) == []


def test_a_rule_that_is_off_by_channel_can_be_switched_on() -> None:
    settings('[lint.severity]\n"template/unfilled" = "error"\n')
    assert lint("-", stdin="您好{buyer}\n").exit_code == 1


def test_paths_are_relative_to_the_file(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "rules").mkdir()
    (shop / "rules" / "nickname.yaml").write_text(HOUSE_RULE, "utf-8")
    (shop / "t" / "old").mkdir(parents=True)
    for name in ("t/a.txt", "t/old/b.txt", "t/c.draft.md"):
        (shop / name).write_text("小可爱您好\n", "utf-8")
    lint("t/a.txt", "--rules", "rules", "--write-baseline", "known.json")
    settings(
        '[lint]\nrules = ["rules"]\nexclude = ["old", "*.draft.md"]\nbaseline = "known.json"\nfail-on = "warning"\n'
    )
    (shop / "t" / "d.txt").write_text("小可爱在吗\n", "utf-8")
    monkeypatch.chdir(shop / "t")
    result = lint(".", "--format", "jsonl")
    assert [(r["source"], len(r["findings"]), len(r["suppressed"])) for r in records(result)] == [
        ("a.txt", 0, 1),
        ("d.txt", 1, 0),
    ]
    assert lint("a.txt").exit_code == 0
    assert lint("a.txt", "--no-baseline").exit_code == 1
    assert records(lint("old/b.txt", "--format", "jsonl")) == []


@pytest.mark.parametrize(
    ("glob", "kept"),
    [
        ("old", ["a.txt", "new/a.md"]),
        ("old/", ["a.txt", "new/a.md"]),
        ("*.md", ["a.txt", "old/b.txt"]),
        ("new/*", ["a.txt", "old/b.txt"]),
        ("/a.txt", ["new/a.md", "old/b.txt"]),
        ("**/a.*", ["old/b.txt"]),
        ("?ew/[!b].md", ["a.txt", "old/b.txt"]),
        ("nothing/**", ["a.txt", "new/a.md", "old/b.txt"]),
    ],
)
def test_globs_read_as_in_gitignore(glob: str, kept: list[str], shop: Path) -> None:
    for name in ("a.txt", "old/b.txt", "new/a.md"):
        (shop / name).parent.mkdir(exist_ok=True)
        (shop / name).write_text("您好\n", "utf-8")
    for arguments in (["."], ["a.txt", "new", "old/b.txt"]):
        result = lint(*arguments, "--exclude", glob, "--format", "jsonl")
        assert sorted(record["source"] for record in records(result)) == kept
    settings(f"[lint]\nexclude = ['{glob}']\n")
    assert sorted(record["source"] for record in records(lint(".", "--format", "jsonl"))) == kept


def test_rules_are_switched_off_for_some_files(shop: Path) -> None:
    (shop / "law").mkdir()
    (shop / "law" / "a.txt").write_text("不能写顶级 # miaohui: ignore ad-law -- x\n顶级\n爱买不买\n", "utf-8")
    (shop / "b.txt").write_text("顶级\n", "utf-8")
    settings('[lint.per-file-disable]\n"law/**" = ["ad-law"]\n')
    assert found(lint(".", "--format", "jsonl")) == [
        ("ad-law/extreme", 1, "顶级"),
        ("tone/shirking", 3, "爱买不买"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[lint]\n\nchanel = "live"\n', 3, "是不是 channel"),
        ("[lint]\nfail_on = 'error'\n", 2, "是不是 fail-on"),
        ("[lint]\nzzz = 1\n", 2, "可用的键"),
        ("[lint]\nchannel = 'chat'\n", 2, "live、template"),
        ("[lint]\nfail-on = 1\n", 2, "error、warning"),
        ("[lint]\nrules = 'rules'\n", 2, "列表"),
        ("[lint]\nexclude = [1]\n", 2, "列表"),
        ("[lint]\nplatform = ''\n", 2, "文字"),
        ("[lint]\nrequire-reason = 'no'\n", 2, "true 或 false"),
        ("[lint]\nseverity = 'error'\n", 2, "[lint.severity]"),
        ("[lint.severity]\ntone = 'fatal'\n", 2, "error、warning、info、off"),
        ("[lint.severity]\n'tone/treat' = 'error'\n", 2, "tone/threat"),
        ("[lint]\ndisable = ['ad-law/frist']\n", 2, "ad-law/first"),
        ("[lint.per-file-disable]\n'a/*' = ['nonsense']\n", 2, "--list-rules"),
        ("channel = 'live'\n", 1, "[lint]"),
        ("[lint]\nx = \n", 2, "TOML"),
        ("lint = 3\n", 1, "[lint]"),
    ],
)
def test_wrong_settings_are_refused_with_line_and_remedy(text: str, line: int, said: str) -> None:
    settings(text)
    result = lint("-", stdin="您好\n")
    assert result.exit_code == 2
    assert result.stdout == ""
    (message,) = result.stderr.strip().splitlines()
    assert f".miaohui.toml:{line}:" in message
    assert said in message
    assert lint("-", "--no-config", stdin="您好\n").exit_code == 0


def test_settings_that_cannot_be_had_end_with_two(shop: Path) -> None:
    assert lint("-", "--config", "none.toml", stdin="您好\n").exit_code == 2
    settings("[other]\n", "else.toml")
    assert lint("-", "--config", "else.toml", stdin="您好\n").exit_code == 2
    settings("[tool.other]\n", "pyproject.toml")
    assert "tool.miaohui.lint" in lint("-", "--config", "pyproject.toml", stdin="您好\n").stderr
    settings("[lint]\nrules = ['no-such-folder']\n")
    result = lint("-", stdin="您好\n")
    assert result.exit_code == 2
    assert "no-such-folder" in result.stderr
    Path(".miaohui.toml").write_bytes(b"[lint]\nplatform = '\xff'\n")
    assert "UTF-8" in lint("-", stdin="您好\n").stderr


def test_an_unknown_rule_on_the_command_line_ends_with_two() -> None:
    result = lint("-", "--disable", "ad-law/frist", stdin="您好\n")
    assert result.exit_code == 2
    assert "ad-law/first" in result.stderr


def test_settings_with_a_mark_and_windows_lines_are_read() -> None:
    Path(".miaohui.toml").write_bytes(b"\xef\xbb\xbf[lint]\r\nfail-on = 'warning'\r\n")
    assert lint("-", stdin="爱买不买\n").exit_code == 1


def test_rules_are_listed_as_they_are_set() -> None:
    settings('[lint]\ndisable = ["tone"]\n[lint.severity]\n"ad-law/first" = "info"\n')
    listed = {record["rule"]: record for record in records(lint("--list-rules", "--format", "jsonl"))}
    assert listed["ad-law/first"]["severity"] == dict.fromkeys(
        ("live", "template", "auto", "listing"), "info"
    )
    assert set(listed["tone/threat"]["severity"].values()) == {None}
    assert "lint/unused-suppression" in listed
    text = lint("--list-rules", "--format", "text").stdout
    assert all(code in text for code in listed)


@pytest.mark.parametrize("code", ["lint/unused-suppression", "lint/stale-baseline", "ad-law/first"])
def test_every_rule_can_be_explained(code: str) -> None:
    shown = lint("--explain", code)
    assert shown.exit_code == 0
    assert all(label in shown.stdout for label in (code, "为什么", "怎么改", "依据", "会提示", "disable"))


def test_a_category_is_explained_by_its_rules() -> None:
    shown = lint("--explain", "red-line")
    assert shown.exit_code == 0
    assert "red-line/invoice" in shown.stdout
    missing = lint("--explain", "red-line/invoise")
    assert missing.exit_code == 2
    assert "red-line/invoice" in missing.stderr
