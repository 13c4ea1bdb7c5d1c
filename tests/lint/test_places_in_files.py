"""Every text of a file knows where each of its letters was written, whatever the format does to them."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lint.document import UnreadableError, decode
from lint.unit import Unit
from lint.units import READERS, read_file, standard_input_unit

TEXT = st.text(
    st.one_of(
        st.sampled_from("顶级毛巾 \t\n'\"\\,;:#[]{}-|>😀👨\u200d👩é"),
        st.characters(
            exclude_categories=["Cs", "Cc"], exclude_characters="\x85\u2028\u2029\ufeff\ufffe\uffff"
        ),
    ),
    min_size=1,
).filter(lambda text: bool(text.strip()))
WRITERS: dict[str, Callable[[list[str]], str]] = {
    "a.json": lambda texts: json.dumps(texts, ensure_ascii=False, indent=1),
    "b.json": json.dumps,
    "a.jsonl": lambda texts: "\n".join(json.dumps({"text": text}) for text in texts),
    "a.yaml": lambda texts: yaml.safe_dump(texts, allow_unicode=True),
    "b.yaml": lambda texts: yaml.safe_dump(texts, default_style='"'),
    "c.yaml": lambda texts: yaml.safe_dump(texts, default_style="|", allow_unicode=True),
    "d.yaml": lambda texts: yaml.safe_dump(texts, default_style="'", allow_unicode=True, width=10),
}


def csv_of(texts: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([["text", "id"], *([text, "1"] for text in texts)])
    return out.getvalue()


WRITERS["a.csv"] = csv_of


@pytest.mark.parametrize("name", WRITERS)
@settings(deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_texts_come_back_as_they_were_with_places_inside_the_file(name: str, texts: list[str]) -> None:
    written = WRITERS[name](texts)
    contents = read_file(name, written.encode())
    assert [unit.text for unit in contents.units] == texts
    for unit in contents.units:
        check_places(unit, written)


def check_places(unit: Unit, written: str) -> None:
    """Places go forward, and where letters stand as they are, the file has them there."""
    lines = written.split("\n")
    before = (0, 0)
    for at, char in enumerate(unit.text):
        line, column = unit.spot(at)
        assert (line, column) >= before
        before = (line, column)
        assert column <= len(lines[line - 1]) + 1
        if unit.written_at(at, at + 1) is not None and char != "\n":
            assert lines[line - 1][column - 1] == char
    assert unit.spot(len(unit.text), end=True) >= before


@settings(deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=3), st.booleans())
def test_a_plain_letter_is_exact_in_every_format(texts: list[str], indented: bool) -> None:
    """Letters that no format escapes must be found where they are, or `--fix` could not work."""
    for name, writer in WRITERS.items():
        if name in ("b.json", "b.yaml", "a.jsonl"):  # all but ASCII is escaped there
            continue
        written = writer([f"{text}顶级" for text in texts])
        for unit in read_file(name, written.encode()).units:
            at = len(unit.text) - 2
            start = unit.written_at(at, at + 2)
            assert start is not None
            assert written[start : start + 2] == "顶级"


TOML_STRINGS = st.one_of(
    TEXT.map(lambda text: json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")),
    TEXT.filter(lambda text: not set("'\n") & set(text)).map(lambda text: f"'{text}'"),
    TEXT.filter(lambda text: "'" not in text).map(lambda text: f"'''\n{text}'''"),
    TEXT.filter(lambda text: not set('"\\') & set(text)).map(lambda text: f'"""{text} \\\n  x""""'),
)
TOML_VALUES = st.recursive(
    st.one_of(TOML_STRINGS, st.sampled_from(["1", "-2.5e3", "true", "1979-05-27T07:32:00Z", "inf"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[ {' , '.join(items)} ]"),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda items: "[\n# 说明 'x\n" + ",\n".join(items) + ",]"
        ),
        st.lists(inner, max_size=2).map(
            lambda items: "{" + ", ".join(f"'k {n}'.a = {item}" for n, item in enumerate(items)) + "}"
        ),
    ),
    max_leaves=5,
)


def strings_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings_in(item)]
    return [text for item in value for text in strings_in(item)] if isinstance(value, list) else []


@settings(deadline=None)
@given(st.lists(TOML_VALUES, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_the_toml_scanner_sees_what_the_parser_sees(values: list[str], newline: str) -> None:
    written = "# 'a'\n" + "\n".join(
        f"[['t {n}'.\"b\"]] # \"\"\"\nx.y = {value} # '''" for n, value in enumerate(values)
    )
    written = written.replace("\n", newline)
    contents = read_file("a.toml", written.encode())
    wanted = [text for text in strings_in(tomllib.loads(written)) if text.strip()]
    assert sorted(unit.text for unit in contents.units) == sorted(wanted)
    for unit in contents.units:
        check_places(unit, written)


@settings(deadline=None)
@given(st.text(st.sampled_from("a\\n顶\u200b😀"), min_size=1))
def test_a_line_of_standard_input_keeps_its_columns(line: str) -> None:
    unit = standard_input_unit(line, 7)
    spots = [unit.spot(at) for at in range(len(unit.text) + 1)]
    assert [line_number for line_number, _ in spots] == [7] * len(spots)
    assert spots[-1] == (7, len(line) + 1)
    for at, char in enumerate(unit.text):
        if char not in "\n\\":
            assert line[spots[at][1] - 1] == char


@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_document_is_written_back_byte_for_byte(mark: str, text: str) -> None:
    data = ("您好，这是一段话术" + text).encode(mark)
    document = decode(data)
    assert document.encode(document.text) == data


def texts_or_none(name: str, data: bytes) -> list[Unit]:
    """The texts of a file; none where it is refused, which must say why."""
    try:
        return read_file(name, data).units
    except UnreadableError as error:
        if not str(error).strip():
            raise AssertionError("refused without a word") from error
        return []


@pytest.mark.parametrize("name", [f"a{ending}" for ending in READERS])
@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    for unit in texts_or_none(name, data):
        assert unit.text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", "[" * 5000),
        ("a.json", "[" * 5000 + "]" * 5000),
        ("a.toml", "a = " + "[" * 5000 + "]" * 5000),
    ],
)
def test_deep_nesting_is_read_or_refused(name: str, content: str) -> None:
    assert texts_or_none(name, content.encode()) == []


def test_a_comment_over_several_lines_of_markdown_is_no_text() -> None:
    contents = read_file("a.md", "好的 <!-- 顶级\n全网第一\n--> 谢谢\n".encode())
    assert [(unit.text, unit.line, unit.column) for unit in contents.units] == [
        ("好的", 1, 1),
        ("谢谢", 3, 5),
    ]


def test_a_comment_sign_in_code_is_a_text() -> None:
    contents = read_file("a.md", "写成 `<!-- miaohui: ignore x -->` <!-- 真的 --> 就行\n".encode())
    assert [unit.text for unit in contents.units] == ["写成 `<!-- miaohui: ignore x -->`  就行"]
    assert contents.remarks == []


def test_bold_letters_of_markdown_lose_their_stars_and_masks_keep_theirs() -> None:
    (unit,) = read_file("a.md", "- **注意。** 尾号138****1234，顶**级**毛巾，王**收\n".encode()).units
    assert unit.text == "注意。 尾号138****1234，顶级毛巾，王**收"
    assert (unit.line, unit.column) == (1, 5)
    assert unit.spot(unit.text.index("尾")) == (1, 11)


def test_what_follows_a_closing_quote_in_a_table_is_not_lost() -> None:
    (unit,) = read_file("a.csv", '"全网"第一,x\n'.encode()).units[:1]
    assert unit.text == "全网第一"


def test_places_are_found_in_linear_time() -> None:
    """Twenty thousand values were once counted from the start of the file each."""
    data = json.dumps([f"第{n}条" for n in range(20_000)], indent=1).encode()
    units = read_file("a.json", data).units
    assert units[-1].line == 20_001
    assert sum(unit.lines()[0] for unit in units) == sum(range(2, 20_002))
