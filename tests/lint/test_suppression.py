"""Suppressions in place: every format, every scope, the reason, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lint_runner import found, lint, records

from lint.suppression import read_request

WHY = "商标名"
# Each holds 顶级 in two texts of which the first is suppressed: content, verb (`@` in the content), and the line of
# the second text.
FILES: dict[str, tuple[str, str, int]] = {
    "above.txt": ("# miaohui: @ ad-law/extreme -- 商标名\n\n顶级\n顶级\n", "ignore", 4),
    "beside.txt": ("顶级  # miaohui: @ ad-law/extreme -- 商标名\n顶级\n", "ignore", 2),
    "line.txt": ("顶级  # miaohui: @ ad-law/extreme -- 商标名\n顶级\n", "ignore-line", 2),
    "crlf.txt": ("# miaohui: @ ad-law/extreme -- 商标名\r\n顶级\r\n顶级\r\n", "ignore", 3),
    "outright.txt": ("您好 # miaohui: @ ad-law/extreme -- 商标名\n顶级\n顶级\n", "ignore-next-line", 3),
    "chinese.txt": ("您好 # miaohui：@ ad-law/extreme —— 商标名\n顶级\n顶级\n", "忽略下一行", 3),
    "above.md": ("<!-- miaohui: @ ad-law/extreme -- 商标名 -->\n# 顶级\n- 顶级\n", "ignore", 3),
    "beside.md": ("| 顶级 | 您好 | <!-- miaohui: @ ad-law/extreme -- 商标名 -->\n| 顶级 |\n", "ignore", 2),
    "long.md": ("<!--\nmiaohui: @ ad-law/extreme\n-- 商标名\n-->\n\n顶级\n\n顶级\n", "ignore", 8),
    "above.yaml": ("# miaohui: @ ad-law/extreme -- 商标名\n- id: a\n  text: 顶级\n- text: 顶级\n", "ignore", 4),
    "beside.yaml": ("- '顶级' # miaohui: @ ad-law/extreme -- 商标名\n- 顶级\n", "ignore", 2),
    "block.yaml": ("- | # miaohui: @ ad-law/extreme -- 商标名\n  面料\n  是顶级\n- 顶级\n", "ignore", 4),
    "key.yaml": ("- text: 顶级\n  lint_ignore: '@ ad-law/extreme -- 商标名'\n- text: 顶级\n", "", 3),
    "above.toml": ("# miaohui: @ ad-law/extreme -- 商标名\n[[p]]\ntext = '顶级'\n[[p]]\ntext = '顶级'\n", "ignore", 5),
    "beside.toml": ('a = "顶级" # miaohui: @ ad-law/extreme -- 商标名\nb = "顶级"\n', "ignore", 2),
    "key.toml": ("[a]\n'忽略检查' = '@ ad-law/extreme -- 商标名'\nb = '顶级'\n[c]\nd = '顶级'\n", "", 5),
    "column.csv": ('id,text,lint_ignore\n1,"顶级",@ ad-law/extreme -- 商标名\n2,顶级,\n', "", 3),
    "chinese.csv": ("话术,忽略检查\n顶级,@ ad-law/extreme —— 商标名\n顶级,\n", "忽略", 3),
    "tabs.tsv": ("内容\t忽略检查\n顶级\t@ ad-law/extreme -- 商标名\n顶级\t\n", "", 3),
    "key.json": ('[{"text": "顶级",\n"miaohui-ignore": "@ ad-law/extreme -- 商标名"},\n{"text": "顶级"}]', "", 3),
    "list.json": ('[{"a": {"b": ["顶级"]}, "忽略检查": ["tone -- x", "@ ad-law/extreme -- 商标名"]},\n"顶级"]', "", 2),
    "key.jsonl": ('{"text": "顶级", "lint_ignore": "@ ad-law -- 商标名"}\n{"text": "顶级"}\n', "ignore", 2),
}  # fmt: skip


def written(name: str, verb: str | None, folder: Path) -> Path:
    content, usual, _ = FILES[name]
    (folder / name).write_bytes(content.replace("@", usual if verb is None else verb).encode())
    return folder / name


@pytest.mark.parametrize("name", FILES)
def test_a_suppression_speaks_of_its_text_and_of_no_other(name: str, tmp_path: Path) -> None:
    result = lint(written(name, None, tmp_path), "--format", "jsonl", "--disable", "lint/unused-suppression")
    assert found(result) == [("ad-law/extreme", FILES[name][2], "顶级")]
    (said,) = [entry for record in records(result) for entry in record["suppressed"]]
    assert (said["rule"], said["match"], said["reason"], said["kind"]) == (
        "ad-law/extreme", "顶级", WHY, "inSource",
    )  # fmt: skip
    assert result.exit_code == 1


@pytest.mark.parametrize("verb", ["ignore-file", "忽略全文件"])
@pytest.mark.parametrize("name", FILES)
def test_the_whole_file_form_silences_the_whole_file(name: str, verb: str, tmp_path: Path) -> None:
    result = lint(written(name, verb, tmp_path), "--format", "jsonl", "--disable", "lint/unused-suppression")
    assert found(result) == []
    assert sum(len(record["suppressed"]) for record in records(result)) == 2
    assert result.exit_code == 0


def test_a_column_of_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["话术内容", "检查豁免"],
        ["顶级", f"ad-law/extreme -- {WHY}"],
        ["顶级", None],
        ["您好", "tone -- x"],
    ):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    result = lint(tmp_path / "a.xlsx", "--format", "jsonl")
    assert found(result) == [("ad-law/extreme", "A3", "顶级"), ("lint/unused-suppression", "B4", "tone")]


def test_nothing_that_would_be_sent_is_taken_for_a_comment(tmp_path: Path) -> None:
    lines = ["#顶级福利#", "# 秒回：顶级", "顶级 # 好的", "顶级#miaohui: ignore ad-law -- x", "// 顶级"]
    (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8")
    result = lint(tmp_path / "a.txt", "--format", "jsonl")
    assert [record["text"] for record in records(result)] == lines
    assert len(found(result)) == len(lines)


def test_standard_input_is_data_and_has_no_comments_unless_it_is_given_a_name() -> None:
    text = f"顶级 # miaohui: ignore ad-law/extreme -- {WHY}\n"
    assert lint("-", "--format", "jsonl", stdin=text).exit_code == 1
    named = lint("-", "--stdin-filename", "a.txt", "--format", "jsonl", stdin=text)
    assert named.exit_code == 0
    assert [record["source"] for record in records(named)] == ["a.txt"]


@pytest.mark.parametrize(
    ("remark", "complaint", "match"),
    [
        ("ignore ad-law/extreme", "lint/suppression-without-reason", "ignore ad-law/extreme"),
        ("ignore ad-law/extreme --", "lint/suppression-without-reason", "ignore ad-law/extreme --"),
        ("ignore ad-law/extrem -- 理由", "lint/unknown-rule", "ad-law/extrem"),
        ("ignroe ad-law/extreme -- 理由", "lint/bad-suppression", "ignroe ad-law/extreme -- 理由"),
        ("ignore -- 理由", "lint/bad-suppression", "ignore -- 理由"),
        ("ignore 全部 -- 理由", "lint/bad-suppression", "ignore 全部 -- 理由"),
        ("", "lint/bad-suppression", ""),
    ],
)
def test_a_wrong_suppression_does_nothing_and_is_found(
    remark: str, complaint: str, match: str, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(f"# miaohui: {remark}\n顶级\n", "utf-8")
    result = lint(tmp_path / "a.txt", "--format", "jsonl")
    assert found(result) == [("ad-law/extreme", 2, "顶级"), (complaint, 1, match)]
    wrong = records(result)[-1]
    (finding,) = wrong["findings"]
    assert wrong["text"][finding["start"] : finding["end"]] == match
    assert finding["severity"] == "warning"


def test_of_several_rules_only_the_unused_one_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("顶级 # miaohui：忽略ad-law/extreme、tone/threat —— 理由\n", "utf-8")
    result = lint(tmp_path / "a.txt", "--format", "jsonl", "--fail-on", "warning")
    assert found(result) == [("lint/unused-suppression", 1, "tone/threat")]
    assert result.exit_code == 1
    assert lint(tmp_path / "a.txt").exit_code == 0


def test_a_rule_that_is_off_is_not_called_unused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("您好 # miaohui: ignore template/unfilled -- 发送时再填\n", "utf-8")
    assert found(lint(tmp_path / "a.txt", "--format", "jsonl")) == []
    assert found(lint(tmp_path / "a.txt", "--format", "jsonl", "--channel", "auto")) != []
    (tmp_path / "b.txt").write_text("您好 # miaohui: ignore tone -- x\n", "utf-8")
    assert found(lint(tmp_path / "b.txt", "--format", "jsonl", "--disable", "tone")) == []


def test_reasons_need_not_be_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".miaohui.toml").write_text("[lint]\nrequire-reason = false\n", "utf-8")
    Path("a.txt").write_text("顶级 # miaohui: ignore ad-law\n", "utf-8")
    result = lint("a.txt", "--format", "jsonl")
    assert found(result) == []
    assert records(result)[0]["suppressed"][0]["reason"] == ""


@pytest.mark.parametrize(
    "body",
    ["ignore ad-law/first, tone -- 有证书", "忽略 ad-law/first、tone —— 有证书", "忽略ad-law/first，tone。理由：有证书",
     "Ignore ad-law/first;tone reason: 有证书", "  ignore   ad-law/first tone — 有证书  "],
)  # fmt: skip
def test_chinese_and_western_spellings_say_the_same(body: str) -> None:
    request = read_request(body, verb_needed=True)
    assert ([name for name, _, _ in request.names], request.reason, request.scope, request.broken) == (
        ["ad-law/first", "tone"], "有证书", "near", False,
    )  # fmt: skip


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_remark_is_read_with_spans_inside_it(body: str) -> None:
    for needed in (True, False):
        for name, start, end in read_request(body, verb_needed=needed).names:
            assert body[start:end] == name


def test_sarif_tells_what_is_suppressed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"顶级 # miaohui: ignore ad-law -- {WHY}\n顶级\n", "utf-8")
    (run,) = json.loads(lint(tmp_path / "a.txt", "--format", "sarif").stdout_bytes)["runs"]
    assert [result["suppressions"] for result in run["results"]] == [
        [{"kind": "inSource", "justification": WHY}],
        [],
    ]
