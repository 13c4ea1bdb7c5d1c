"""What a phrase holds survives every format; what is dangerous or lossy in a file is refused or said."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bank_samples import as_json, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from phrasebank import Phrase, read_bank
from phrasebank.files import archives, tables
from phrasebank.formats import WRITTEN, FormatError, parse_bank, render_bank, write_bank

ODD = Phrase(
    "odd-1",
    "第一行\r\n第二行\t_x000D_ \x0b 😀 结尾 ",
    category="=分类",
    order=-3,
    title="＝1+1",
    keywords=("a|b", "退,款", "[x]"),
    examples=(" =在吗", "“引号\"与'单引号", "-1"),
    code="007",
    variants=("是", "no", "1.10", "null", "2026-01-02"),
    extra={
        "数": 3,
        "比": 1.5,
        "真": True,
        "空文": "",
        "嵌": {"a": [1, None, {"b": "="}], "日期": "2026-01-02"},
        "json:像标记": "[1]",
        " 空格 ": "x",
        "": "没有名字",
        "Text": "像我们的列",
        "内容": "像同义词",
        "第 3 列": "像补的名字",
        "大数": 2**62,
        "多行\n名": "y",
        "链接": "=cmd|'/c calc'!A1",
    },
)
PLAIN = Phrase("plain-1", "好")


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_oddest_phrase_survives_every_format(kind: str) -> None:
    read = parse_bank(render_bank([ODD, PLAIN], kind), "")
    assert read.problems == ()
    assert [phrase.to_json() for phrase in read.phrases] == [ODD.to_json(), PLAIN.to_json()]


_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | _texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_texts, inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None, max_examples=25)
@given(
    text=_texts.filter(str.strip),
    variants=st.lists(_texts.filter(str.strip), max_size=2).map(tuple),
    extra=st.dictionaries(_texts.filter(lambda key: key not in PLAIN.to_json()), _values, max_size=3),
)
@pytest.mark.parametrize("kind", ["json", "csv", "xlsx", "yaml", "toml"])
def test_any_phrase_and_any_unknown_column_survives(
    kind: str, text: str, variants: tuple[str, ...], extra: dict[str, Any]
) -> None:
    extra = {key: value for key, value in extra.items() if value is not None}  # a null is no value
    phrase = Phrase("x", text, variants=variants, extra=extra)
    (again,) = parse_bank(render_bank([phrase], kind), "").phrases
    assert again.to_json() == phrase.to_json()


def test_a_text_that_reads_like_a_header_leaves_yaml_what_it_is() -> None:
    (again,) = parse_bank(render_bank([Phrase("x", "()")], "yaml"), "").phrases
    assert again.text == "()"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_every_encoding_and_delimiter_that_we_write_we_read(encoding: str, delimiter: str) -> None:
    phrases = [ODD, Phrase("2", "一,二；三;四\t五", category="售后")]
    content = render_bank(phrases, "csv", encoding=encoding, delimiter=delimiter)
    assert [p.to_json() for p in parse_bank(content, "").phrases] == [p.to_json() for p in phrases]


def test_what_csv_cannot_hold_is_refused_and_the_file_that_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    with pytest.raises(FormatError, match="第 2 行"):
        write_bank(path, [Phrase("1", "a\0b")])
    like_utf8 = "é".encode().decode("gb18030")
    with pytest.raises(FormatError, match="GB18030"):
        render_bank([Phrase("1", like_utf8)], "csv", encoding="gb18030")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


FORMULAS = ("=1+1", " =1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "'=1", "' =1")


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_no_cell_of_a_text_table_begins_like_a_formula(kind: str) -> None:
    phrases = [
        Phrase(str(place), text, title=text.strip(), extra={text: text})
        for place, text in enumerate(FORMULAS)
    ]
    content = render_bank(phrases, kind)
    rows = csv.reader(
        io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter="," if kind == "csv" else "\t"
    )
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"\s*[=+\-@＝＋－＠]|[\t\r\n]", cell), cell
    assert [p.to_json() for p in parse_bank(content, "").phrases] == [p.to_json() for p in phrases]


def test_every_cell_of_a_workbook_is_text_and_stays_so_when_it_is_edited() -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_bank([Phrase("1", "=1+1", title="好")], "xlsx")))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells if cell.quotePrefix] == ["=1+1"]


def computed(value: str | None) -> bytes:
    """A workbook with a formula in B2, and the value that was last computed for it."""
    content = workbook([["标题", "内容"], ["甲", "=A2"], ["乙", "行"]], formulas=True)
    kept = f'<c r="B2" t="str"><f>A2</f>{f"<v>{value}</v>" if value else ""}</c>'.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, re.sub(rb'<c r="B2".*?</c>', kept, old.read(entry)))
    return out.getvalue()


def test_a_formula_is_read_as_the_value_that_stands_in_the_file_and_this_is_said() -> None:
    read = parse_bank(computed("存着的"), "")
    assert [phrase.text for phrase in read.phrases] == ["存着的", "行"]
    assert [(note.row, "B2" in note.reason) for note in read.notes] == [(2, True)]


def test_a_formula_without_a_value_is_a_bad_row() -> None:
    read = parse_bank(computed(None), "")
    assert [phrase.text for phrase in read.phrases] == ["行"]
    assert [(problem.sheet, problem.row, "B2" in problem.reason) for problem in read.problems] == [("Sheet1", 2, True)]  # fmt: skip


def test_all_sheets_are_read_and_one_without_a_header_is_named() -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in (
        ("说明", [["请先看这里"]]),
        ("售后", [["内容", "分组"], ["马上退", "售后"]]),
        ("发货", [["分组", "话术"], ["发货", "今天发"], ["发货", None]]),
    ):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    read = parse_bank(out.getvalue(), "")
    assert [(phrase.category, phrase.text) for phrase in read.phrases] == [
        ("售后", "马上退"),
        ("发货", "今天发"),
    ]
    assert [(problem.sheet, problem.row, problem.column) for problem in read.problems] == [
        ("发货", 3, "text")
    ]
    assert [note.sheet for note in read.notes] == ["说明"]


def test_a_group_that_is_merged_over_rows_belongs_to_each_of_them() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["话术表", None, None], ["分组", "内容", "标题"], ["售后", "马上退", "a"], [None, "已退款", "b"], ["发货", "今天发", "c"], [None, "明天发", "d"]):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A3:A4")
    out = io.BytesIO()
    book.save(out)
    read = parse_bank(out.getvalue(), "")
    assert [phrase.category for phrase in read.phrases] == ["售后", "售后", "发货", ""]
    assert [note.row for note in read.notes] == [4]


def test_formulas_outside_the_phrases_are_nobody_s_business() -> None:
    content = workbook([["=TODAY()", "说明"], ["内容", "标题"], ["好", "a"]], formulas=True)
    read = parse_bank(content, "")
    assert ([phrase.text for phrase in read.phrases], read.problems) == (["好"], ())


def test_a_long_number_of_a_workbook_is_doubted() -> None:
    read = parse_bank(workbook([["内容", "商品ID"], ["好", 1234567890123456]]), "")
    assert read.phrases[0].items == ("1234567890123456",)
    assert "B2" in read.notes[0].reason


def test_nothing_under_a_header_without_name_or_with_a_name_that_comes_twice_is_lost() -> None:
    read = parse_bank("内容,备注,备注,,内容\n好,a,b,c,d\n".encode(), "")
    assert read.phrases[0].extra == {"备注": "a", "备注 2": "b", "第 4 列": "c", "内容": "d"}


def test_the_more_telling_of_two_headers_has_the_column() -> None:
    read = parse_bank("标签,类型,关键词,分类,文本,內容（必填）\na,b,c,d,e,f\n".encode(), "")
    (phrase,) = read.phrases
    assert (phrase.keywords, phrase.category, phrase.text) == (("c",), "d", "f")
    assert phrase.extra == {"标签": "a", "类型": "b", "文本": "e"}


def test_a_reply_that_reads_like_a_header_is_a_reply() -> None:
    phrases = (Phrase("1", "text", title="标题"), Phrase("2", "内容", title="text"))
    assert parse_bank(render_bank(phrases, "csv"), "").phrases == phrases


def test_a_kind_called_text_is_no_header() -> None:
    rows = "售后,文本,马上退\n物流,文本,这就查\n".encode()
    with pytest.raises(FormatError):
        parse_bank(rows, "")
    assert len(parse_bank("分类,类型,内容\n".encode() + rows, "").phrases) == 2


def test_a_mapping_says_what_unknown_headers_mean() -> None:
    content = "应答语,组别,内容\n马上退,售后,备查\n".encode()
    read = parse_bank(content, "", columns={"应答语": "text", "组别": "category", "内容": ""})
    (phrase,) = read.phrases
    assert (phrase.text, phrase.category, phrase.extra) == ("马上退", "售后", {"内容": "备查"})
    listed = parse_bank(as_json([{"应答语": "马上退"}]), "", columns={"应答语": "text"})
    assert listed.phrases[0].text == "马上退"


@pytest.mark.parametrize("columns", [{"应答语": "words"}, {"没有": "text"}])
def test_a_mapping_that_cannot_be_is_refused(columns: dict[str, str]) -> None:
    with pytest.raises(FormatError, match=re.escape(next(iter(columns)))):
        parse_bank("应答语,内容\n甲,乙\n".encode(), "", columns=columns)


def test_without_a_header_the_error_says_what_was_seen_and_what_to_do() -> None:
    with pytest.raises(FormatError, match=r"「应答语」、「组别」.*--column"):
        parse_bank("应答语,组别\n马上退,售后\n".encode(), "a.csv")


@pytest.mark.parametrize("named", ["a.csv", "a.json", "a.jsonl", "a.yaml", "a.toml", "a.txt", "a.xlsx", ""])
@pytest.mark.parametrize("kind", WRITTEN)
def test_the_content_tells_the_format_and_not_the_name(kind: str, named: str) -> None:
    content = render_bank([PLAIN, Phrase("2", "行", keywords=("a", "b"))], kind)
    assert [phrase.id for phrase in parse_bank(content, named).phrases] == ["plain-1", "2"]


@pytest.mark.parametrize(
    "content",
    [
        "phrases:\n  - text: 好\n",
        "# 说明\n- 好\n",
        "- text: 好\n",
        "---\n- {text: 好}\n",
        "售后:\n  - 好\n",
        '# 说明\n[[phrases]]\ntext = "好"\n',
        'phrases = [{text = "好"}]\n',
        '\n [ {"text": "好"} ]',
        '{"phrases": [\n{"text": "好"}\n]}',
        '{"text": "好"}\n',
        "内容\n好\n",
        "\ufeff内容\r\n好\r\n",
    ],
)
def test_a_format_is_known_by_how_people_write_it(content: str) -> None:
    read = parse_bank(content.encode(), "")
    assert read.problems == ()
    assert [phrase.text for phrase in read.phrases] == ["好"]


def test_yaml_is_read_as_people_mean_it() -> None:
    read = parse_bank(
        "- {text: no, code: 007, title: 12:30, 版本: 1.10, 日期: 2026-01-02, 数: 3}\n".encode(), ""
    )
    (phrase,) = read.phrases
    assert (phrase.text, phrase.code, phrase.title) == ("no", "007", "12:30")
    assert phrase.extra == {"版本": "1.10", "日期": "2026-01-02", "数": 3}


@pytest.mark.parametrize(
    "content",
    [
        '[{"text": "好", "text": "行"}]',
        "- {text: 好, text: 行}\n",
        '[[phrases]]\ntext = "好"\ntext = "行"\n',
        "- text: 好\n---\n- text: 行\n",
    ],
)
def test_nothing_is_lost_because_it_stands_twice(content: str) -> None:
    with pytest.raises(FormatError):
        parse_bank(content.encode(), "")


def test_what_stands_beside_the_list_of_phrases_is_named() -> None:
    read = parse_bank(as_json({"version": 2, "phrases": [{"text": "好"}]}), "")
    assert "version" in read.notes[0].reason


def test_a_row_that_spans_lines_is_named_by_row_and_line() -> None:
    read = parse_bank('内容,标题\n"一\n二",a\n,b\n'.encode(), "")
    assert str(read.problems[0].place) == "第 3 行（文件第 4 行）"


def test_damaged_utf_8_is_not_taken_for_gbk() -> None:
    content = "内容\n亲，七天内都可以退换\n亲，退款会原路退回\n".encode()
    with pytest.raises(FormatError, match="第 2 行"):
        parse_bank(content.replace("七".encode(), b"\xe4\xb8", 1), "a.csv")


def test_a_reader_tells_how_far_it_is() -> None:
    for kind in ("csv", "xlsx", "jsonl", "yaml"):
        seen: list[int] = []
        parse_bank(render_bank([PLAIN, ODD], kind), "", on_row=seen.append)
        assert seen == [1, 2], kind


def test_a_file_beyond_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = [PLAIN, ODD, Phrase("3", "三")]
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    for kind in ("csv", "xlsx"):
        with pytest.raises(FormatError, match="超过 2 行"):
            parse_bank(render_bank(rows, kind), "")
    monkeypatch.setattr(archives, "MAX_ENTRIES", 3)
    with pytest.raises(FormatError, match="过大"):
        parse_bank(render_bank(rows, "xlsx"), "")
    monkeypatch.setattr("phrasebank.formats.MAX_BYTES", 10)
    (tmp_path / "a.csv").write_bytes(render_bank(rows, "csv"))
    with pytest.raises(FormatError, match="超过"):
        read_bank(tmp_path / "a.csv")
