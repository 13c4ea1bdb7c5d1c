"""Every format gives back what was written; every bad row is named; a broken file is one clear error."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phrasebank import Phrase, read_bank, write_bank
from phrasebank.formats import FormatError, parse_bank

FULL = (
    Phrase(
        "a1",
        "亲，{buyer}\n您的包裹已发出，预计{eta}到",
        category="发货",
        order=3,
        title="已发货",
        keywords=("发了吗", "退&运费"),
        not_keywords=("退货",),
        examples=("发了吗，亲", "寄出没有|在吗", "[真的]发了？"),
        code="fh",
        platforms=("taobao", "kuaishou"),
        owner="xiaowang",
        variants=("已经寄出啦", '说"好"的'),
        not_examples=("退货寄出了吗", "发了|没"),
        items=("7788001", "00042"),
        images=("https://img.example/a,b.png?x=1|2", "=尺码.png"),
        valid_from="2026-11-01",
        valid_until="2026-11-11",
        state="draft",
        extra={"备注": "旧表带来的", "图片名": "a.png", "启用": "否"},
    ),
    Phrase("a2", "=SUM(A1)", title="'+1", keywords=("-", "@我"), extra={"备注": "=cmd|'/c calc'!A1"}),
    Phrase("a3", "'=不是公式", examples=("「引号」", "逗号，顿号、"), items=("7",), state="retired"),
)
WRITTEN = (".jsonl", ".json", ".csv", ".tsv", ".xlsx", ".yaml", ".yml", ".toml")


def reasons(content: bytes | str, name: str) -> list[tuple[int, str]]:
    content = content.encode() if isinstance(content, str) else content
    return [(problem.row, problem.column) for problem in parse_bank(content, name).problems]


@pytest.mark.parametrize("suffix", WRITTEN)
def test_what_was_written_is_read_back_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bank{suffix}"
    write_bank(path, FULL)
    read = read_bank(path)
    assert read.problems == ()
    # A table has a cell for every column, and an empty cell is none.
    assert [phrase.to_json() for phrase in read.phrases] == [phrase.to_json() for phrase in FULL]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


_texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), max_size=30)
_words = st.lists(_texts.map(str.strip).filter(bool), max_size=3).map(tuple)


@settings(deadline=None, max_examples=60)
@given(
    text=_texts.filter(lambda text: bool(text.strip())),
    title=_texts.map(str.strip),
    lists=st.tuples(_words, _words, _words),
)
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".yaml"])
def test_any_phrase_survives_the_round_trip(suffix: str, text: str, title: str, lists: tuple[tuple[str, ...], ...], tmp_path_factory: pytest.TempPathFactory) -> None:  # fmt: skip
    phrase = Phrase("x", text, title=title, keywords=lists[0], examples=lists[1], variants=lists[2])
    path = tmp_path_factory.getbasetemp() / f"round{suffix}"
    write_bank(path, [phrase])
    assert read_bank(path).phrases == (phrase,)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    read = parse_bank(
        "分组,快捷编码,内容\n售后,tk,亲，退款两天内到账\n".replace("，", "，").encode(encoding), "x.csv"
    )
    assert (read.phrases[0].category, read.phrases[0].code, read.phrases[0].text) == (
        "售后",
        "tk",
        "亲，退款两天内到账",
    )


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (
            "分类,类型,标题,内容\n售后,文本,退款,马上退\n",
            "a.csv",
            {"category": "售后", "title": "退款", "text": "马上退"},
        ),
        ("关键词\t回复内容\n退款、退钱\t马上退\n", "a.tsv", {"keywords": ("退款", "退钱"), "text": "马上退"}),
        ("话术内容（必填）,排除词\n马上退,投诉\n", "a.csv", {"text": "马上退", "not_keywords": ("投诉",)}),
        (
            "最初3行的内容请勿改动！！！\n某店铺主账号\n分组,快捷编码,内容,图片名\n售后,tk,马上退,\n",
            "q.csv",
            {"category": "售后", "code": "tk"},
        ),
        (
            "匹配关键词,回复内容,平台\n退款[and]多久|退钱,两天到[or]很快到,拼多多\n",
            "l.csv",
            {
                "keywords": ("退款&多久", "退钱"),
                "text": "两天到",
                "variants": ("很快到",),
                "platforms": ("拼多多",),
            },
        ),
        (
            "内容,状态,生效日期,失效日期,商品ID,图片,反例\n马上退,待审核,2026/11/1,2026年11月11日 23:59:59,7，8,a.png,不退|别退\n",
            "a.csv",
            {
                "state": "draft",
                "valid_from": "2026-11-01",
                "valid_until": "2026-11-11",
                "items": ("7", "8"),
                "images": ("a.png",),
                "not_examples": ("不退", "别退"),
            },
        ),
        (
            '[[phrases]]\ntext = "好"\nvalid_from = 2026-11-01\nitems = 7788001\nstate = false\n',
            "a.toml",
            {"valid_from": "2026-11-01", "items": ("7788001",), "state": "retired"},
        ),
        ('{"text":"好"}\n\n{"内容":"行","分组":"x"}\n', "a.jsonl", {"text": "好"}),
        ('[{"content":"好","keywords":["a"]}]', "a.json", {"text": "好", "keywords": ("a",)}),
        ('{"category":"发货","phrases":[{"text":"好"}]}', "a.json", {"category": "发货"}),
        (
            "category: 发货\nphrases:\n- text: 好\n  examples: [发了吗]\n",
            "a.yaml",
            {"category": "发货", "examples": ("发了吗",)},
        ),
        ('[[phrases]]\ntext = "好"\norder = 3\n', "a.toml", {"text": "好", "order": 3}),
        ('{"text":"好"}\n{"text":"行"}\n', "a.json", {"text": "好"}),
        ('[{"text":"好"}]', "noextension", {"text": "好"}),
        ("内容;标题\n好;行\n", "a.txt", {"text": "好", "title": "行"}),
    ],
)
def test_the_shapes_that_people_bring_are_understood(
    content: str, name: str, expected: dict[str, object]
) -> None:
    read = parse_bank(content.encode(), name)
    assert read.problems == ()
    assert {column: getattr(read.phrases[0], column) for column in expected} == expected


def test_unknown_columns_stay_with_their_phrase() -> None:
    read = parse_bank("内容,登记日期,是否加入团队\n好,2026-01-02,是\n".encode(), "a.csv")
    assert read.phrases[0].extra == {"登记日期": "2026-01-02", "是否加入团队": "是"}


def test_a_phrase_without_an_id_always_gets_the_same_one() -> None:
    first = parse_bank("内容\n好\n行\n".encode(), "a.csv").phrases
    second = parse_bank("内容\n行\n".encode(), "b.csv").phrases
    assert first[1].id == second[0].id != first[0].id


@pytest.mark.parametrize(
    ("content", "name", "problems"),
    [
        ("内容,标题\n好,a\n,b\n行,c\n", "a.csv", [(3, "text")]),
        ("内容,排序\n好,第一\n行,2\n", "a.csv", [(2, "order")]),
        ("内容,状态\n好,处理中\n行,启用\n", "a.csv", [(2, "state")]),
        (
            "内容,生效日期\n好,下周一\n行,2026-02-30\n嗯,2026-11-01 12:00\n",
            "a.csv",
            [(2, "valid_from"), (3, "valid_from"), (4, "valid_from")],
        ),
        ("内容,生效日期,失效日期\n好,2026-11-02,2026-11-01\n", "a.csv", [(2, "valid_until")]),
        ("id,内容,商品ID\n1,好,7\n1,好,\n", "a.csv", [(3, "id")]),
        ("id,内容\n1,好\n1,行\n", "a.csv", [(3, "id")]),
        ("内容\n好\n好\n", "a.csv", [(3, "text")]),
        ("内容,标题\n好,a,多余\n行,b\n", "a.csv", [(2, "")]),
        (
            '{"text":"好"}\n{broken\n[1]\n{"text":7}\n{"text":["x"]}\n',
            "a.jsonl",
            [(2, ""), (3, ""), (5, "text")],
        ),
        ('[{"text":"好","keywords":7}, 5, null]', "a.json", [(1, "keywords"), (3, "text")]),
        ("- text: 好\n- title: 没有内容\n", "a.yaml", [(2, "text")]),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(
    content: str, name: str, problems: list[tuple[int, str]]
) -> None:
    assert reasons(content, name) == problems
    assert all(problem.reason for problem in parse_bank(content.encode(), name).problems)


def test_a_formula_in_a_workbook_is_a_bad_row() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["内容", "标题"], ["好", "a"], ["=1+1", "b"], ["行", "c"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    read = parse_bank(out.getvalue(), "a.xlsx")
    assert [phrase.text for phrase in read.phrases] == ["好", "行"]
    assert [problem.row for problem in read.problems] == [3]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "a.csv"),
        ("标题,备注\n好,行\n".encode(), "a.csv"),
        (b"\x00\x01\x02", "a.csv"),
        (b"\xff\xff\xff\xff", "a.csv"),
        (b"[{]", "a.json"),
        (b"{}", "a.json"),
        (b"[]", "a.json"),
        (b"[" * 100_000, "a.json"),
        (b"", "a.jsonl"),
        (b"a: [1", "a.yaml"),
        (b"- &a [x]\n- *a\n", "a.yaml"),
        (b"[" * 5_000, "a.yaml"),
        (b"a: 2026-13-45\n", "a.yaml"),
        (b"!!python/object/apply:os.system ['true']", "a.yaml"),
        (b"text = ", "a.toml"),
        (b"text = 'x'", "a.toml"),
        (b"no zip", "a.xlsx"),
        (b"PK\x03\x04broken", "a.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls"),
        (bomb(), "a.xlsx"),
    ],
)
def test_a_file_that_is_no_bank_is_one_clear_error(content: bytes, name: str) -> None:
    with pytest.raises(FormatError) as error:
        parse_bank(content, name)
    assert str(error.value)
    assert "\n" not in str(error.value).split("有误")[0]


def test_formulas_are_written_as_text(tmp_path: Path) -> None:
    write_bank(tmp_path / "a.csv", FULL)
    assert "'=SUM(A1)" in (tmp_path / "a.csv").read_text("utf-8-sig")
    write_bank(tmp_path / "a.xlsx", FULL)
    cells = [
        cell for row in openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0].iter_rows() for cell in row
    ]
    assert "=SUM(A1)" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}


def test_a_format_that_we_do_not_write_is_refused_and_the_file_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.doc"
    path.write_bytes(b"old")
    with pytest.raises(FormatError):
        write_bank(path, FULL)
    with pytest.raises(FormatError):
        write_bank(tmp_path / "b.xlsx", [Phrase("1", "x" * 40_000)])
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.doc"]


def test_a_record_names_every_column_of_the_contract() -> None:
    record = orjson.loads(orjson.dumps(FULL[0].to_json()))
    assert list(record)[:18] == ["id", "category", "order", "title", "text", "keywords", "not_keywords", "examples", "code", "platforms", "owner", "variants", "not_examples", "items", "images", "valid_from", "valid_until", "state"]  # fmt: skip
    assert Phrase.from_json(record) == FULL[0]
