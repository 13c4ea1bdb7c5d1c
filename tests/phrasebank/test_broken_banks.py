"""Ten broken files of every shape: each is one clear error or a named row, and the bank is as it was."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bank_samples import DOCUMENTS, TABLES, Table, as_json, delimited, workbook
from click.testing import CliRunner

from app.cli import main
from phrasebank import Phrase, write_bank

PLACE = re.compile(r"第 \d+ [行条]|[A-Z]+\d+")
Breaker = Callable[[Table], bytes]


def _blank(table: Table) -> Table:
    """The table with the cell that makes a phrase emptied in its second row."""
    place = table.header.index(table.key)
    row = table.rows[1]
    return table.with_rows(table.rows[0], (*row[:place], "", *row[place + 1 :]))


def _without_header(table: Table) -> list[list[str]]:
    return [list(row) for row in (*table.above, *table.rows)]


def _open_quote(table: Table) -> bytes:
    lines = table.lines()
    return delimited(lines[:-1]) + b'"' + ",".join(lines[-1]).encode()


def _broken_byte(table: Table) -> bytes:
    content = bytearray(delimited(table.lines()))
    content[-20] = 0xFF
    return bytes(content)


DELIMITED: dict[str, Breaker] = {
    "nothing in it": lambda table: b"",
    "no header": lambda table: delimited(_without_header(table)),
    "a header and no row": lambda table: delimited(table.with_rows().lines()),
    "a quote that is never closed": _open_quote,
    "a row without what makes it one": lambda table: delimited(_blank(table).lines()),
    "a row longer than its header": lambda table: delimited([*table.lines(), [*table.rows[0], "多", "出"]]),
    "the same row twice": lambda table: delimited([*table.lines(), list(table.rows[0])]),
    "a broken byte": _broken_byte,
    "a zero byte": lambda table: delimited(table.lines()) + b"\0\n",
    "a page of the web": lambda table: b"<html><body><table><tr><td>" + delimited(table.lines()),
    "an old workbook": lambda table: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + delimited(table.lines()),
    "hundreds of columns": lambda table: delimited([*table.lines(), ["x"] * 300]),
}


def _rezipped(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, change(entry.filename, old.read(entry)))
    return out.getvalue()


def _sheet_with(table: Table, change: Callable[[bytes], bytes]) -> bytes:
    return _rezipped(
        workbook(table.lines()),
        lambda name, part: change(part) if name.startswith("xl/worksheets/") else part,
    )


def _entities(part: bytes) -> bytes:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return bomb + part.replace(b"<sheetData>", b"<sheetData><!-- &b; -->")


def _bad_cell(table: Table, cell: str, kind: str = "f") -> bytes:
    lines: list[list[Any]] = table.lines()
    lines[-1] = [cell if name == table.key else value for name, value in zip(table.header, lines[-1], strict=True)]  # fmt: skip
    return workbook(lines, formulas=True)


WORKBOOKS: dict[str, Breaker] = {
    "half of it": lambda table: workbook(table.lines())[: len(workbook(table.lines())) // 2],
    "no header": lambda table: workbook(_without_header(table)),
    "a header and no row": lambda table: workbook(table.with_rows().lines()),
    "a formula that was never computed": lambda table: _bad_cell(table, '=HYPERLINK("http://a.example")'),
    "an error for a value": lambda table: _bad_cell(table, "#REF!"),
    "a row without what makes it one": lambda table: workbook(_blank(table).lines()),
    "a row longer than its header": lambda table: workbook([*table.lines(), [*table.rows[0], "多", "出"]]),
    "the same row twice": lambda table: workbook([*table.lines(), list(table.rows[0])]),
    "entities": lambda table: _sheet_with(table, _entities),
    "a sheet that is no xml": lambda table: _sheet_with(table, lambda part: part[: len(part) // 2]),
    "a bomb": lambda table: _sheet_with(table, lambda part: part + b" " * 60_000_000),
    "a row with an impossible number": lambda table: _sheet_with(
        table, lambda part: part.replace(f'<row r="{len(table.lines())}"'.encode(), b'<row r="99999999999"')
    ),
    "some other archive": lambda table: _rezipped(workbook(table.lines()), lambda name, part: part).replace(
        b"xl/", b"ab/"
    ),
}


def _texts_to(document: Any, value: Any) -> Any:
    """The document with the first reply replaced."""
    if isinstance(document, list):
        return [_texts_to(document[0], value), *document[1:]]
    if "actions" in document:
        action = document["actions"][0]
        return {**document, "actions": [{**action, "arguments": {"body_text": value}}]}
    if "content" in document:
        return {**document, "content": value}
    key = next(key for key in ("data", "result", "list") if key in document)
    return {**document, key: _texts_to(document[key], value)}


JSONS: dict[str, Callable[[Any], bytes]] = {
    "nothing in it": lambda document: b"  \n",
    "half of it": lambda document: as_json(document)[: len(as_json(document)) // 2],
    "a comma too many": lambda document: b",]".join(as_json(document).rsplit(b"]", 1)),
    "a number that is none": lambda document: as_json(_texts_to(document, 7)).replace(b": 7", b": NaN", 1),
    "a key twice": lambda document: as_json(document).replace(b'"name"', b'"id":1,"id":2,"name"', 1),
    "an empty reply": lambda document: as_json(_texts_to(document, " ")),
    "a broken byte": lambda document: as_json(document).replace("亲".encode(), b"\xe4\xba", 1).replace("您".encode(), b"\xff", 1),
    "half a character": lambda document: as_json(_texts_to(document, "REPLY")).replace(b"REPLY", b"\\ud83d", 1),
    "too deep": lambda document: b"[" * 100_000 + as_json(document),
    "a zero byte": lambda document: as_json(document) + b"\0",
    "a list of nothing": lambda document: b"[]",
    "a page of the web": lambda document: b"<!DOCTYPE html><html>" + as_json(document),
}  # fmt: skip

BROKEN: list[Any] = [
    *(
        pytest.param(name, breaker(table), id=f"{table.name}: {name}")
        for table in TABLES
        for name, breaker in DELIMITED.items()
    ),
    *(
        pytest.param(name, breaker(table), id=f"{table.name} as a workbook: {name}")
        for table in TABLES
        for name, breaker in WORKBOOKS.items()
    ),
    *(
        pytest.param(name, breaker(document), id=f"{shape}: {name}")
        for shape, (document, _) in DOCUMENTS.items()
        for name, breaker in JSONS.items()
    ),
]
NAMES_NO_PLACE = {
    "nothing in it", "no header", "a header and no row", "an old workbook", "a page of the web", "a zero byte", "half of it",
    "entities", "a sheet that is no xml", "a bomb", "some other archive", "too deep", "a list of nothing",
    "a number that is none", "a key twice",
}  # fmt: skip
"""What is wrong with the file as a whole; of the rest the place is named."""


def test_there_are_ten_broken_files_of_every_shape() -> None:
    assert min(len(DELIMITED), len(WORKBOOKS), len(JSONS)) >= 10


@pytest.mark.parametrize(("name", "content"), BROKEN)
def test_a_broken_file_is_named_and_the_bank_is_as_it_was(name: str, content: bytes, tmp_path: Path) -> None:
    bank, incoming = tmp_path / "bank.jsonl", tmp_path / "incoming.dat"
    write_bank(bank, [Phrase("1", "原来的", category="售后", extra={"备注": "不能丢"})])
    before = bank.read_bytes()
    incoming.write_bytes(content)
    result = CliRunner().invoke(
        main, ["phrases", "import", str(incoming), "--into", str(bank), "--strict", "--no-lint"]
    )
    assert result.exit_code in (1, 2)
    assert bank.read_bytes() == before
    assert "Traceback" not in result.stderr
    said = result.stderr.splitlines()[0]
    assert said.startswith(f"miaohui: {incoming}")
    assert name in NAMES_NO_PLACE or PLACE.search(said.removeprefix(f"miaohui: {incoming}")), said
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bank.jsonl", "incoming.dat"]
