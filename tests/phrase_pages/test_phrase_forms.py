"""A form gives back what it showed, and of what was changed exactly that."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.phrase_forms import (
    MAX_TEXT,
    base_field,
    base_of,
    check_lengths,
    fields_of,
    new_record,
    parse_fields,
    record_of,
)
from phrasebank import Phrase
from phrasebank.phrase import PhraseError

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
lists = st.lists(words.filter(str.strip), max_size=4)
phrases = st.builds(
    lambda text, **more: Phrase.from_json({"id": "p", "text": text, **more}).to_json(),
    text=words.filter(str.strip),
    title=words,
    category=words,
    code=words,
    order=st.integers(-9, 999),
    keywords=lists,
    not_keywords=lists,
    examples=lists,
    not_examples=lists,
    variants=lists,
    platforms=lists,
    items=lists,
    images=lists,
)


def sent(fields: dict[str, list[str]]) -> dict[str, list[str]]:
    """The fields as a browser sends them: line breaks are CRLF, and all is urlencoded."""
    crlf = {
        name: [value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n") for value in values]
        for name, values in fields.items()
    }
    return parse_fields(urlencode(crlf, doseq=True).encode())


@given(phrases)
def test_a_form_that_nobody_touched_changes_nothing(record: dict[str, Any]) -> None:
    assert record_of(sent(fields_of(record)), record) == record


@given(phrases)
def test_the_record_that_a_form_carries_along_comes_back_as_it_went(record: dict[str, Any]) -> None:
    assert base_of(sent({"base": [base_field(record)]})) == record


@pytest.mark.parametrize("sent_along", ["", "{", "[1]", "null"])
def test_a_base_that_is_no_record_counts_as_none(sent_along: str) -> None:
    assert base_of({"base": [sent_along]}) == {}


def changed(record: dict[str, Any], **fields: list[str]) -> dict[str, Any]:
    return record_of(sent(fields_of(record) | fields), record)


RECORD = Phrase.from_json(
    {
        "id": "p1",
        "text": "您好",
        "keywords": ["发货", "发票&抬头", "快递"],
        "examples": ["什么时候发\n急", r"C:\new"],
        "variants": ["在的", "您好呀"],
        "platforms": ["kuaishou"],
        "备注": {"来源": "旧系统"},
    }
).to_json()


def test_only_the_column_that_was_changed_differs() -> None:
    assert changed(RECORD, title=["问候"]) == RECORD | {"title": "问候"}


def test_columns_that_we_do_not_know_stay() -> None:
    assert changed(RECORD, text=["您好！"])["备注"] == {"来源": "旧系统"}


@pytest.mark.parametrize(
    ("fields", "column", "value"),
    [
        ({"keywords_any": ["发货\n物流"]}, "keywords", ["发货", "发票&抬头", "物流"]),
        ({"keywords_any": ["快递，发货、补发"]}, "keywords", ["发货", "发票&抬头", "快递", "补发"]),
        ({"keywords_all": [""]}, "keywords", ["发货", "快递"]),
        ({"keywords_all": ["发票&抬头\n退款&多久"]}, "keywords", ["发货", "发票&抬头", "快递", "退款&多久"]),
        ({"examples": ["在吗\n\n 在不在 \n在吗"]}, "examples", ["在吗", "在不在"]),
        ({"examples": [r"第一行\n第二行" "\n" r"反斜杠\\n"]}, "examples", ["第一行\n第二行", r"反斜杠\n"]),
        ({"variants": ["在的", "", "新说法\n两行"]}, "variants", ["在的", "新说法\n两行"]),
        ({"platforms": []}, "platforms", []),
        ({"platforms": ["jd", "douyin"]}, "platforms", ["jd", "douyin"]),
        ({"order": ["七"]}, "order", "七"),
    ],
)  # fmt: skip
def test_a_field_is_read_as_people_write_it(fields: dict[str, list[str]], column: str, value: Any) -> None:
    assert changed(RECORD, **fields) == RECORD | {column: value}


def test_an_example_with_a_line_break_and_a_backslash_is_shown_on_one_line() -> None:
    assert fields_of(RECORD)["examples"] == ["什么时候发\\n急\nC:\\\\new"]


def test_a_new_form_takes_what_the_address_names() -> None:
    record = new_record({"text": ["亲，在的"], "example": ["在吗", " "], "title": ["在"]})
    assert (record["text"], record["examples"], record["title"]) == ("亲，在的", ["在吗"], "在")
    assert Phrase.from_json(record).state == "approved"


def test_a_text_of_any_column_may_not_be_endless() -> None:
    check_lengths(RECORD | {"text": "字" * MAX_TEXT})
    for column, value in (("text", "字" * (MAX_TEXT + 1)), ("variants", ["好", "字" * (MAX_TEXT + 1)])):
        with pytest.raises(PhraseError) as refused:
            check_lengths(RECORD | {column: value})
        assert refused.value.column == column


def test_a_form_of_too_many_fields_is_refused() -> None:
    with pytest.raises(ValueError, match="fields"):
        parse_fields(b"&".join(b"variants=x" for _ in range(10_001)))
