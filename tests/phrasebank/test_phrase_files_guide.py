"""The guide to phrase files shows commands that work, and names only columns, results and formats that there are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from bank_samples import TABLES, delimited, workbook

from app.cli.phrases import _CHANGE_NAMES
from phrasebank.columns import ColumnNames
from phrasebank.formats import WRITTEN
from phrasebank.phrase import COLUMNS

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "phrase-files.zh.md").read_text("utf-8")


def test_every_command_of_the_guide_works(tmp_path: Path) -> None:
    (tmp_path / "我的话术.xlsx").write_bytes(workbook(TABLES[0].lines()))
    (tmp_path / "表.csv").write_bytes(delimited([["应答语", "组别"], ["亲，您好", "招呼"]]))
    commands = re.findall(r"^\$ (.*)$", GUIDE, flags=re.MULTILINE)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in commands:
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # fmt: skip
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    assert len(commands) >= 6
    assert (tmp_path / "带走.xlsx").exists()


def test_every_header_that_the_guide_names_is_known() -> None:
    table = GUIDE.split("| 我们的列 | 也叫 |")[1].split("\n\n")[0]
    named = [line.split("|") for line in table.splitlines()[2:] if line]
    columns = [column for cells in named for column in re.findall(r"`(\w+)`", cells[1])]
    assert sorted(columns) == sorted(COLUMNS)
    names = ColumnNames()
    for cells in named:
        meant = re.findall(r"`(\w+)`", cells[1])
        headers = re.split("、", re.sub(r"；.*|…", "", cells[2]).strip())
        assert all(names.column_of(header) in meant for header in headers), headers


def test_every_result_and_every_format_is_explained() -> None:
    assert all(f"| {name} |" in GUIDE for name in _CHANGE_NAMES.values())
    written = re.search(r"可写 (.*?)。", GUIDE)
    assert written is not None
    assert set(written[1].split("、")) == set(WRITTEN) - {"yml"}
