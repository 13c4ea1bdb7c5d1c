"""`miaohui lint` keeps the contract: formats, exit codes, standard input, files and folders."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from click.testing import CliRunner, Result

from app.cli.lint import command


def run(*args: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(command, list(args), input=stdin)


def records(result: Result) -> list[dict]:
    return [json.loads(line) for line in result.stdout_bytes.decode().splitlines()]


def test_every_line_of_standard_input_gives_one_object_in_order() -> None:
    result = run("-", "--format", "jsonl", stdin="您好\n\n顶级毛巾\n")
    assert [(r["line"], r["text"], len(r["findings"])) for r in records(result)] == [
        (1, "您好", 0),
        (2, "", 0),
        (3, "顶级毛巾", 1),
    ]
    assert result.exit_code == 1


def test_a_line_may_spell_a_line_break_and_a_backslash() -> None:
    result = run("-", "--format", "jsonl", stdin="您好\\n这是\\\\n顶级\\t的\n")
    (record,) = records(result)
    assert record["text"] == "您好\n这是\\n顶级\\t的"
    (finding,) = record["findings"]
    assert record["text"][finding["start"] : finding["end"]] == finding["match"] == "顶级"


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("您好", [], 0),
        ("顶级毛巾", [], 1),
        ("爱买不买", [], 0),
        ("爱买不买", ["--fail-on", "warning"], 1),
        ("顶级毛巾", ["--channel", "live"], 0),
        ("您好{buyer}", [], 0),
        ("您好{buyer}", ["--channel", "auto"], 1),
    ],
)
def test_the_exit_code_says_whether_something_was_found(text: str, options: list[str], code: int) -> None:
    assert run("-", *options, stdin=text + "\n").exit_code == code


def test_what_cannot_be_read_ends_with_two_and_one_line_on_stderr(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", "utf-8")
    for path in (tmp_path / "missing.txt", broken):
        result = run(str(path))
        assert result.exit_code == 2
        assert len(result.stderr.strip().splitlines()) == 1
        assert result.stdout == ""


def test_the_installed_command_answers_on_bytes_in_any_locale() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "lint", "-"],
        input="顶级😀毛巾\n".encode(),
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={"LC_ALL": "C", "PATH": "/usr/bin"},
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["findings"][0]["match"] == "顶级"
    assert done.stderr == b""


FILES = {
    "a.txt": ("您好\n\n这是顶级毛巾\n", 3),
    "a.md": ("# 标题\n\n```\n顶级\n```\n- 这是顶级毛巾\n", 6),
    "a.csv": ('id,text,examples\n1,您好,傻逼\n2,"这是\n顶级毛巾",x\n', 3),
    "a.json": ('{"items": [\n  {"id": "顶级", "text": "这是顶级毛巾"}\n]}', 2),
    "a.jsonl": ('{"text": "您好"}\n{"examples": ["傻逼"], "text": "这是顶级毛巾"}\n', 2),
    "a.yaml": ("- text: 您好\n- text: 这是顶级毛巾\n  keywords: [顶级]\n", 2),
    "a.toml": ('[[phrase]]\ntext = "您好"\n[[phrase]]\ntext = "这是顶级毛巾"\n', 4),
}


@pytest.mark.parametrize("name", FILES)
def test_a_finding_in_a_file_has_the_line_and_column_of_its_text(name: str, tmp_path: Path) -> None:
    content, line = FILES[name]
    column = content.split("\n")[line - 1].index("这是") + 1
    path = tmp_path / name
    path.write_text(content, "utf-8")
    found = [r for r in records(run(str(path), "--format", "jsonl")) if r["findings"]]
    assert [(r["source"], r["line"], r["column"]) for r in found] == [(str(path), line, column)]
    assert [f["match"] for f in found[0]["findings"]] == ["顶级"]


def test_a_finding_in_a_workbook_has_sheet_and_cell(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "话术"
    book.active.append(["分类", "话术内容", "关键词"])
    book.active.append(["售前", "这是顶级毛巾", "顶级"])
    book.save(tmp_path / "a.xlsx")
    (record,) = records(run(str(tmp_path / "a.xlsx"), "--format", "jsonl"))
    assert (record["sheet"], record["cell"]) == ("话术", "B2")
    assert record["findings"][0]["match"] == "顶级"


def test_a_file_in_gb18030_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("分类,话术\n售前,这是顶级毛巾\n".encode("gb18030"))
    (record,) = records(run(str(tmp_path / "a.csv"), "--format", "jsonl"))
    assert record["text"] == "这是顶级毛巾"


def test_a_folder_is_walked_in_order_without_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("b/z.txt", "a.txt", ".git/x.txt", "picture.png"):
        (tmp_path / name).write_text("顶级毛巾", "utf-8")
    found = [
        Path(r["source"]).relative_to(tmp_path).as_posix()
        for r in records(run(str(tmp_path), "--format", "jsonl"))
    ]
    assert found == ["a.txt", "b/z.txt"]


def test_sarif_counts_code_points_and_places_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("您好\n😀😀顶级毛巾\n", "utf-8")
    result = run(str(tmp_path / "a.txt"), "--format", "sarif")
    log = json.loads(result.stdout_bytes)
    assert log["version"] == "2.1.0"
    (sarif_run,) = log["runs"]
    assert sarif_run["columnKind"] == "unicodeCodePoints"
    (found,) = sarif_run["results"]
    assert (
        sarif_run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"] == "ad-law/extreme"
    )
    region = found["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endLine"], region["endColumn"]) == (
        2,
        3,
        2,
        5,
    )
    assert found["level"] == "error"


def test_gitlab_report_has_unique_fingerprints() -> None:
    issues = json.loads(run("-", "--format", "gitlab", stdin="顶级毛巾\n顶级毛巾\n").stdout_bytes)
    assert [issue["location"]["lines"]["begin"] for issue in issues] == [1, 2]
    assert len({issue["fingerprint"] for issue in issues}) == 2
    assert {"description", "check_name", "severity"} <= set(issues[0])


def test_github_annotations_are_escaped() -> None:
    (line,) = run("-", "--format", "github", stdin="顶级毛巾\n").stdout.splitlines()
    assert line.startswith("::error file=stdin,line=1,endLine=1,col=1,endColumn=3,title=ad-law/extreme ")


def test_junit_counts_texts_and_failures() -> None:
    root = ET.fromstring(run("-", "--format", "junit", stdin="您好\n顶级\x01面料\n").stdout)
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert len(root.findall(".//failure")) == 1


def test_json_is_one_array() -> None:
    assert [
        r["line"] for r in json.loads(run("-", "--format", "json", stdin="您好\n好的\n").stdout_bytes)
    ] == [1, 2]


def test_text_says_what_and_what_to_do() -> None:
    result = run("-", "--format", "text", stdin="顶级毛巾\n")
    assert "stdin:1:1: 错误 ad-law/extreme" in result.stdout
    assert "建议" in result.stdout


def test_explain_shows_a_rule_and_an_unknown_one_ends_with_two() -> None:
    shown = run("--explain", "red-line/invoice")
    assert shown.exit_code == 0
    assert "发票管理办法" in shown.stdout
    assert run("--explain", "red-line/nothing").exit_code == 2


def test_a_broken_custom_rule_ends_with_two(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("rule: house/x\n", "utf-8")
    result = run("--rules", str(tmp_path), "-", stdin="您好\n")
    assert result.exit_code == 2
    assert "x.yaml:1" in result.stderr
