"""An import says what it changes, what it leaves, what it does not take and why; the same at the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import orjson
import pytest
from bank_samples import TABLES, delimited
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient

from app.cli import main
from app.main import create_app
from app.settings import Settings
from app.usecases.administration import SCOPES, add_key, add_shop
from app.usecases.knowledge import Knowledge
from phrasebank import Phrase, read_bank, write_bank
from phrasebank.formats import parse_bank, render_bank
from phrasebank.merging import merge

BANK = (
    Phrase("1", "马上退", category="售后", title="退款", keywords=("退款",), code="tk"),
    Phrase("2", "今天发", category="发货"),
)
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def test_a_value_that_is_not_taken_is_told() -> None:
    merged = merge(BANK, [Phrase("9", "马上退", category="售后", title="退钱", keywords=("退钱",))])
    (change,) = merged.changes
    assert (change.kind, change.columns) == ("extended", ("keywords",))
    told = {difference.column: (difference.before, difference.after, difference.taken) for difference in change.differences}  # fmt: skip
    assert told == {
        "title": ("退款", "退钱", False),
        "keywords": (["退款"], ["退款", "退钱"], True),
    }
    assert merged.untouched == (BANK[1],)
    assert merged.not_taken() == 1


def test_the_file_may_win_and_is_then_matched_by_id() -> None:
    merged = merge(BANK, [Phrase("1", "一两天退", category="售后", keywords=("退钱",))], prefer="file")
    (change,) = merged.changes
    assert change.kind == "changed"
    assert merged.phrases[0] == Phrase("1", "一两天退", category="售后", title="退款", keywords=("退钱",), code="tk")  # fmt: skip
    assert [(d.column, d.before) for d in change.differences] == [("text", "马上退"), ("keywords", ["退款"])]
    assert merged.phrases[1] == BANK[1]


def test_an_empty_value_of_the_file_takes_nothing_away() -> None:
    merged = merge(BANK, [Phrase("1", "马上退")], prefer="file")
    assert merged.phrases == BANK
    assert merged.changes[0].kind == "unchanged"


def test_the_same_words_for_another_item_are_added() -> None:
    merged = merge(
        [Phrase("1", "在的", items=("7", "9"))],
        [Phrase("2", "在的", items=("8",)), Phrase("3", "在的", items=("9", "7"))],
    )
    assert [change.kind for change in merged.changes] == ["added", "unchanged"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_importing_any_shape_twice_changes_nothing_the_second_time(table: Any) -> None:
    read = parse_bank(delimited(table.lines()), "")
    once = merge(BANK, read.phrases)
    twice = merge(once.phrases, read.phrases)
    assert twice.phrases == once.phrases
    assert twice.count("unchanged") == len(read.phrases)


def test_an_import_by_text_neither_narrows_nor_approves_what_the_bank_has() -> None:
    (old,) = bank = (Phrase("1", "马上退", state="retired"),)
    new = Phrase("1", "马上退", valid_until="2026-12-31", platforms=("douyin",), images=("a.png",))
    (phrase,) = merge(bank, [new], unsaid=[()]).phrases
    assert phrase == replace(old, images=("a.png",))
    told = {d.column: d.taken for d in merge(bank, [new], unsaid=[()]).changes[0].differences}
    assert told == {"platforms": False, "images": True, "valid_until": False, "state": False}


@pytest.mark.parametrize(
    ("cells", "state", "owner"),
    [
        ("启用,团队", "approved", "team"),
        (",", "draft", "小林"),
        ("停用,小周", "retired", "小周"),
    ],
)
def test_the_file_may_change_state_and_owner_but_an_empty_cell_does_not(
    cells: str, state: str, owner: str
) -> None:
    bank = (Phrase("1", "马上退", state="draft", owner="小林"),)
    read = parse_bank(f"id,内容,状态,归属\n1,马上退,{cells}\n".encode(), "")
    (phrase,) = merge(bank, read.phrases, prefer="file", unsaid=read.unsaid).phrases
    assert (phrase.state, phrase.owner) == (state, owner)
    without = parse_bank("id,内容\n1,马上退\n".encode(), "")
    assert merge(bank, without.phrases, prefer="file", unsaid=without.unsaid).phrases == bank


def test_one_end_of_a_span_that_does_not_go_with_the_other_is_told_and_not_taken() -> None:
    bank = (Phrase("1", "马上退", valid_until="2026-01-31"),)
    merged = merge(bank, [Phrase("1", "马上退", valid_from="2026-11-01")], prefer="file")
    assert merged.phrases == bank
    assert [(d.column, d.taken) for d in merged.changes[0].differences] == [("valid_from", False)]


# At the command line


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    path = tmp_path / "bank.jsonl"
    write_bank(path, BANK)
    return path


def run(*arguments: object, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def records(result: Result) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in result.stdout.splitlines()]


MIXED = "分类,内容,标题\n售后,马上退,退钱\n发货,全网最低价，明天发,\n发货,,空\n新,您好,招呼\n".encode()


def test_every_row_of_an_import_is_accounted_for(bank: Path) -> None:
    result = run("phrases", "import", "-", "--into", bank, "--dry-run", "--all", stdin=MIXED)
    assert result.exit_code == 1
    said = [(record["change"], record.get("row"), record.get("id")) for record in records(result)]
    assert [change for change, _, _ in said] == ["unchanged", "added", "added", "refused", "untouched"]
    assert [row for _, row, _ in said] == [2, 3, 5, 4, None]
    assert said[-1][2] == "2"
    first, second, *_ = records(result)
    assert first["differences"] == [{"column": "title", "before": "退款", "after": "退钱", "taken": False}]
    assert {finding["severity"] for finding in second["findings"]} == {"error"}
    assert "第 3 行" in result.stderr
    assert "第 4 行「text」" in result.stderr


def test_people_read_the_same(bank: Path) -> None:
    result = run("phrases", "import", "-", "--into", bank, "--dry-run", "--format", "text", stdin=MIXED)
    assert "库里是 退款，文件里的 退钱 没有采用" in result.stdout
    last = "演练，未写入：新增 2，补充 0，相同 1，坏行 1；共 4 条，其中 1 条文件里没有，原样不动；文件里有 1 个值没有采用"
    assert result.stdout.splitlines()[-1] == last


@pytest.mark.parametrize(
    "content",
    [MIXED, "分类,内容\n发货,全网最低价，明天发\n".encode(), "内容\n好的亲\n好的亲\n".encode()],
)
def test_strict_takes_all_or_nothing(bank: Path, content: bytes) -> None:
    before = bank.read_bytes()
    result = run("phrases", "import", "-", "--into", bank, "--strict", stdin=content)
    assert result.exit_code == 1
    assert bank.read_bytes() == before
    assert "--strict" in result.stderr


def test_without_strict_a_forbidden_word_is_a_warning(bank: Path) -> None:
    result = run("phrases", "import", "-", "--into", bank, stdin="内容\n全网最低价，明天发\n".encode())
    assert result.exit_code == 0
    assert "违规: - 第 2 行" in result.stderr
    assert len(read_bank(bank).phrases) == 3


def test_the_columns_of_an_unknown_sheet_are_named_by_hand(bank: Path) -> None:
    content = "应答语,组别\n亲，您好,招呼\n".encode()
    columns = ("--column", "应答语=text", "--column", "组别=category")
    assert run("phrases", "import", "-", "--into", bank, stdin=content).exit_code == 2
    assert run("phrases", "import", "-", "--into", bank, *columns, stdin=content).exit_code == 0
    assert (read_bank(bank).phrases[-1].category, read_bank(bank).phrases[-1].text) == ("招呼", "亲，您好")
    for wrong in ("应答语", "应答语=words", "=text"):
        assert run("phrases", "import", "-", "--into", bank, "--column", wrong, stdin=content).exit_code == 2


def test_edited_in_excel_and_brought_back(bank: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    assert run("phrases", "export", bank, sheet, "--encoding", "gb18030").exit_code == 0
    sheet.write_text(sheet.read_text("gb18030").replace("今天发", "明天发"), "gb18030")
    assert run("phrases", "import", sheet, "--into", bank, "--prefer", "file").exit_code == 0
    assert [phrase.text for phrase in read_bank(bank).phrases] == ["马上退", "明天发"]


def test_an_export_may_go_to_standard_output(bank: Path) -> None:
    result = run("phrases", "export", bank, "-", "--to", "toml")
    assert parse_bank(result.stdout_bytes, "").phrases == BANK


def test_a_bank_that_could_not_be_written_back_as_it_is_stays(tmp_path: Path, bank: Path) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text('{"version": 7, "phrases": [{"text": "好"}]}', "utf-8")
    before = mine.read_bytes()
    result = run("phrases", "import", bank, "--into", mine)
    assert (result.exit_code, mine.read_bytes()) == (2, before)
    assert "version" in result.stderr


def test_progress_is_told_where_it_is_asked_for(bank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.phrases._Progress._AFTER_S", -10)
    content = render_bank([Phrase(str(number), f"第 {number} 句") for number in range(600)], "csv")
    loud = run("phrases", "check", "-", "--progress", stdin=content)
    assert "已读 256 行" in loud.stderr
    assert "已读" not in run("phrases", "check", "-", "--no-progress", stdin=content).stderr


# Over HTTP


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge.load()


Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(sqlite_url: str, knowledge: Knowledge) -> Iterator[Ask]:
    """Calls the import or export of a shop whose bank holds `BANK` beside the starter bank."""
    app = create_app(Settings(_env_file=None, database_url=sqlite_url, workers_run_jobs=False), clock=lambda: NOON, knowledge=knowledge)  # type: ignore[call-arg]  # fmt: skip
    with TestClient(app) as client:

        def make(db: Any) -> str:
            shop = add_shop(db, knowledge, NOON, shop_id="demo", name="演示店", platform="kuaishou")
            return add_key(db, shop.shop_id, NOON, scopes=SCOPES)

        key = app.state.service.writer.submit(make).result(30)

        def call(method: str, path: str, **more: Any) -> httpx.Response:
            return client.request(method, path, headers={"authorization": f"Bearer {key}"}, **more)

        assert call("POST", "/v1/phrases/import", content=render_bank(BANK, "json")).status_code == 200
        yield call


def count(ask: Ask) -> int:
    return len(ask("GET", "/v1/phrases").json()["phrases"])


def test_http_gives_the_same_difference(ask: Ask) -> None:
    before = count(ask)
    plan = ask("POST", "/v1/phrases/import?dry_run=true&name=misnamed.json", content=MIXED).json()
    assert (plan["stored"], plan["same"], plan["untouched"]) == (False, 1, before - 1)
    assert [phrase["text"] for phrase in plan["added"]] == ["您好"]
    (difference,) = plan["differences"]
    assert (difference["row"], difference["id"]) == (2, "1")
    assert difference["differences"] == [
        {"column": "title", "before": "退款", "after": "退钱", "taken": False}
    ]
    assert [refused["row"] for refused in plan["refused"]] == [3]
    assert [(problem["row"], problem["column"]) for problem in plan["problems"]] == [(4, "text")]
    assert count(ask) == before


def test_http_strict_stores_all_or_nothing(ask: Ask) -> None:
    before = count(ask)
    answer = ask("POST", "/v1/phrases/import?strict=true", content=MIXED).json()
    assert (answer["stored"], count(ask)) == (False, before)
    assert ask("POST", "/v1/phrases/import", content=MIXED).json()["stored"] is True
    assert count(ask) == before + 1


def test_http_takes_a_mapping_of_columns(ask: Ask) -> None:
    content = "应答语,组别\n亲，您好,招呼\n".encode()
    refused = ask("POST", "/v1/phrases/import", content=content)
    assert (refused.status_code, refused.json()["reason"]) == (422, "unreadable_file")
    mapped = ask("POST", "/v1/phrases/import", params={"column": ["应答语=text", "组别=category"]}, content=content)  # fmt: skip
    assert mapped.json()["added"][0]["category"] == "招呼"
    for wrong in ("应答语", "应答语=words"):
        answer = ask("POST", "/v1/phrases/import", params={"column": wrong}, content=content)
        assert answer.status_code == 422
        assert "应答语" in answer.json()["title"]


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "tsv", "yaml", "toml", "xlsx"])
def test_http_exports_every_format_and_takes_it_back_unchanged(ask: Ask, kind: str) -> None:
    exported = ask("GET", f"/v1/phrases/export?format={kind}")
    plan = ask("POST", "/v1/phrases/import?dry_run=true&prefer=file", content=exported.content).json()
    assert (plan["added"], plan["changed"], plan["refused"], plan["problems"], plan["notes"]) == ([], [], [], [], [])  # fmt: skip
    assert (plan["same"], plan["untouched"]) == (count(ask), 0)


def test_http_exports_csv_for_old_programs(ask: Ask) -> None:
    exported = ask("GET", "/v1/phrases/export?format=csv&encoding=gb18030")
    assert "charset=gb18030" in exported.headers["content-type"]
    assert "马上退" in exported.content.decode("gb18030")
    assert ask("GET", "/v1/phrases/export?format=csv&encoding=big5").status_code == 422
    assert ask("GET", "/v1/phrases/export?format=doc").status_code == 422
