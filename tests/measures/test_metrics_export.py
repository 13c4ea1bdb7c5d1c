"""`miaohui metrics --output`: tables that Excel opens and that no cell can harm."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from short_logs import as_lines, log_of

from app.cli.metrics import command

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "＝1+1",
    "'=1+1",
    '=HYPERLINK("http://x","y")',
]


def log_of_agents(agents: list[str]) -> str:
    events = []
    for index, agent in enumerate(agents):
        events.append({"t": "10:00:00", "from": "buyer", "buyer": f"B{index}"})
        events.append({"t": "10:01:00", "from": "agent", "agent": agent, "buyer": f"B{index}"})
    return as_lines(log_of({"day": "2024-03-05", "events": events}))


def run(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["-", *arguments], input=text)


def csv_table(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(content.decode("utf-8-sig").splitlines(keepends=True)))


def sheet_table(path: Path) -> list[list[Any]]:
    [sheet] = openpyxl.load_workbook(path).worksheets
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_the_table_says_what_the_records_say(tmp_path: Path) -> None:
    text = log_of_agents(["A1", "A2"]) + as_lines(
        log_of({"day": "2024-03-06", "events": [{"t": "10:00:00", "from": "buyer", "buyer": "B9"}]})
    ).replace('"e', '"f')
    asked = ("--platform", "kuaishou", "--by", "day")
    records = [json.loads(line) for line in run(text, *asked, "--format", "jsonl").stdout.splitlines()]
    for name in ("out.csv", "out.xlsx"):
        result = run(text, *asked, "--output", str(tmp_path / name))
        assert (result.exit_code, result.stdout) == (0, ""), result.output
        assert name in result.stderr
    for header, *rows in (csv_table(tmp_path / "out.csv"), sheet_table(tmp_path / "out.xlsx")):
        assert header[:8] == ["平台", "指标", "名称", "日期", "达标数", "计入数", "比率", "待定数"]
        assert len(rows) == len(records)
        for row, record in zip(rows, records, strict=True):
            found = dict(zip(header, row, strict=True))
            assert (found["平台"], found["指标"], found["日期"]) == (
                "kuaishou",
                record["metric"],
                record["day"],
            )
            assert (int(found["达标数"]), int(found["计入数"])) == (
                record["numerator"],
                record["denominator"],
            )
    assert csv_table(tmp_path / "out.csv")[1][6] == "100.00%"
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    cell = book.worksheets[0]["G3"]
    assert (cell.value, cell.number_format) == (0, "0.00%")


def test_an_empty_denominator_has_an_empty_rate(tmp_path: Path) -> None:
    for name in ("out.csv", "out.xlsx"):
        run("", "--output", str(tmp_path / name))
    assert csv_table(tmp_path / "out.csv")[1][3:6] == ["0", "0", ""]
    assert sheet_table(tmp_path / "out.xlsx")[1][3:6] == [0, 0, None]


def test_no_cell_of_a_csv_begins_as_a_formula(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    assert run(log_of_agents(HOSTILE), "--by", "agent", "--output", str(target)).exit_code == 0
    agents = [row[3] for row in csv_table(target)[1:]]
    assert sorted(agents) == sorted("'" + agent for agent in HOSTILE)
    assert not any(
        re.match(r"[\s']*[=+\-@＝\t\r]", cell) and cell[0] != "'" for row in csv_table(target) for cell in row
    )


def test_no_cell_of_a_workbook_is_a_formula_and_ids_stay_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    agents = [*HOSTILE, "00123", "12345678901234567890", "3/4"]
    assert run(log_of_agents(agents), "--by", "agent", "--output", str(target)).exit_code == 0
    [sheet] = openpyxl.load_workbook(target).worksheets
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    # A workbook's own rules fold a lone carriage return into a line feed.
    found = [str(row[3].value).replace("\n", "\r") for row in sheet.iter_rows(min_row=2)]
    assert sorted(found) == sorted(agents)
    assert {row[3].data_type for row in sheet.iter_rows(min_row=2)} == {"s"}


def test_control_characters_are_spelled_out_and_not_lost(tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    assert run(log_of_agents(["a\x0bb"]), "--by", "agent", "--output", str(target)).exit_code == 0
    assert sheet_table(target)[1][3] == "a\\u000bb"


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_a_file_that_is_there_stays_unless_forced(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    target.write_text("precious", encoding="utf-8")
    text = log_of_agents(["A1"])
    refused = run(text, "--output", str(target))
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert target.read_text(encoding="utf-8") == "precious"
    assert run(text, "--output", str(target), "--force").exit_code == 0
    assert target.read_bytes() != b"precious"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("name", "said"), [("out.txt", ".xlsx"), ("no/folder/out.csv", "文件夹"), ("out", ".csv")]
)
def test_a_target_that_cannot_be_is_refused_before_the_log_is_read(
    tmp_path: Path, name: str, said: str
) -> None:
    result = run("not json\n", "--output", str(tmp_path / name))
    assert result.exit_code == 2
    [line] = result.stderr.splitlines()
    assert said in line
