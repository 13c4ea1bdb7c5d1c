"""Every shape that people bring is understood, and comes out of every format as it went in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bank_samples import DOCUMENTS, TABLES, Table, as_json, delimited, workbook
from click.testing import CliRunner

from app.cli import main
from phrasebank import Phrase, read_bank
from phrasebank.formats import parse_bank, render_bank

SAMPLES: dict[str, bytes] = {
    **{table.name: delimited(table.lines()) for table in TABLES},
    **{f"{table.name}-gbk": delimited(table.lines(), "gbk") for table in TABLES},
    **{f"{table.name}-tab": delimited(table.lines(), "utf-8-sig", "\t") for table in TABLES},
    **{f"{table.name}-semicolon": delimited(table.lines(), "utf-16", ";") for table in TABLES},
    **{f"{table.name}-xlsx": workbook(table.lines()) for table in TABLES},
    **{name: as_json(document) for name, (document, _) in DOCUMENTS.items()},
}
KINDS = ("jsonl", "json", "csv", "tsv", "xlsx", "yaml", "toml")


def shown(phrases: tuple[Phrase, ...]) -> list[dict[str, Any]]:
    return [phrase.to_json() for phrase in phrases]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_shape_is_understood_whatever_it_is_wrapped_in(table: Table) -> None:
    first = parse_bank(SAMPLES[table.name], "")
    assert first.problems == ()
    assert {column: getattr(first.phrases[0], column) for column in table.expected} == table.expected
    for wrapped in ("gbk", "tab", "semicolon", "xlsx"):
        # The name says nothing, or something wrong: the content tells.
        again = parse_bank(SAMPLES[f"{table.name}-{wrapped}"], "export.json")
        assert shown(again.phrases) == shown(first.phrases), wrapped


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_shape_of_json_is_understood(name: str) -> None:
    document, expected = DOCUMENTS[name]
    read = parse_bank(as_json(document), "export.csv")
    assert read.problems == ()
    assert {column: getattr(read.phrases[0], column) for column in expected} == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SAMPLES)
def test_what_was_imported_is_exported_and_imported_again_the_same(name: str, kind: str) -> None:
    once = parse_bank(SAMPLES[name], "")
    again = parse_bank(render_bank(once.phrases, kind), "")
    assert (again.problems, again.notes) == ((), ())
    assert shown(again.phrases) == shown(once.phrases)


@pytest.mark.parametrize("name", [*(table.name for table in TABLES), *DOCUMENTS])
def test_the_commands_bring_a_shape_in_and_out_and_in_again(name: str, tmp_path: Path) -> None:
    def run(*arguments: object) -> None:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output

    sample = tmp_path / "sample"
    sample.write_bytes(SAMPLES[name])
    bank, out, other = tmp_path / "bank.jsonl", tmp_path / "out.xlsx", tmp_path / "other.toml"
    run("phrases", "import", sample, "--into", bank, "--no-lint")
    before = bank.read_bytes()
    run("phrases", "export", bank, out)
    run("phrases", "import", out, "--into", other, "--no-lint")
    run("phrases", "import", other, "--into", bank, "--no-lint", "--strict")
    assert shown(read_bank(other).phrases) == shown(read_bank(bank).phrases)
    assert bank.read_bytes() == before


def test_a_rule_for_one_item_is_another_phrase_than_the_same_words_for_all() -> None:
    read = parse_bank(SAMPLES["xianyu-short"], "")
    assert [phrase.items for phrase in read.phrases] == [(), ("7788001",), ("7788002",)]
    assert len({phrase.id for phrase in read.phrases}) == 3


def test_a_regular_expression_is_no_keyword_but_stays() -> None:
    read = parse_bank(SAMPLES["lanren-keywords"], "")
    assert read.phrases[2].keywords == ()
    assert read.phrases[2].extra["正则关键词"] == "(几|多少)天.*发货"
    assert (5, "keywords") in [(note.row, note.column) for note in read.notes]


def test_a_reply_of_several_messages_and_an_image_is_joined_and_kept_as_it_came() -> None:
    phrase = parse_bank(SAMPLES["lanren-keywords"], "").phrases[1]
    assert phrase.text == "看详情页\n也可以报身高"
    assert phrase.keywords == ("尺码,大小",)
    assert phrase.images == ("cm.png",)
    assert phrase.extra["原文"] == "看详情页[~]也可以报身高[@]cm.png[/@]"


def test_rows_that_say_the_same_become_one_phrase_and_lose_no_keyword() -> None:
    content = "关键词,回复内容,标题\n退款,马上退,甲\n退钱,马上退,乙\n退钱,马上退,甲\n".encode()
    read = parse_bank(content, "")
    (phrase,) = read.phrases
    assert (phrase.keywords, phrase.title) == (("退款", "退钱"), "甲")
    assert [(note.row, note.column) for note in read.notes] == [(3, ""), (3, "title")]
    assert [(problem.row, problem.column) for problem in read.problems] == [(4, "text")]


def test_a_phrase_that_is_not_the_team_s_is_somebody_s_own() -> None:
    read = parse_bank(SAMPLES["own-sheet"], "")
    assert [phrase.owner for phrase in read.phrases] == ["team", "personal"]
    assert [note.row for note in read.notes] == [3]


@pytest.mark.parametrize(("name", "column"), [("xianyu-full", "state"), ("zammad", "active")])
def test_what_was_switched_off_stays_off_and_is_said(name: str, column: str) -> None:
    read = parse_bank(SAMPLES[name], "")
    assert [phrase.state for phrase in read.phrases] == ["approved", "retired"]
    assert column in [note.column for note in read.notes]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"售后": ["马上退"], "发货": [{"text": "今天发"}]}, [("售后", "马上退"), ("发货", "今天发")]),
        ({"data": {"list": [{"content": "马上退", "group": "售后"}]}}, [("售后", "马上退")]),
        ({"macros": [{"name": "a", "actions": [{"name": "setResponseText", "arguments": {"body_text": "好"}}]}]}, [("", "好")]),
        ({"text": "一条"}, [("", "一条")]),
        ([{"category": "售后", "phrases": ["马上退", {"内容": "已退"}]}], [("售后", "马上退"), ("售后", "已退")]),
    ],
)  # fmt: skip
def test_documents_of_other_makes_are_understood(document: Any, expected: list[tuple[str, str]]) -> None:
    read = parse_bank(as_json(document), "")
    assert read.problems == ()
    assert [(phrase.category, phrase.text) for phrase in read.phrases] == expected
