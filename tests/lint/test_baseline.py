"""The baseline: what was there does not fail, what is new does, and what is gone is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lint_runner import found, lint, records


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of templates with three findings, recorded in a baseline."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.txt").write_text("您好\n这是顶级毛巾\n顶级毛巾，顶级毛毯\n", "utf-8")
    (tmp_path / "t" / "b.csv").write_text("话术\n您好\n", "utf-8")
    result = lint("t", "--write-baseline", "known.json")
    assert result.exit_code == 0
    assert "3 处" in result.stderr
    return tmp_path


def test_what_is_known_does_not_fail_and_says_so(shop: Path) -> None:
    result = lint("t", "--baseline", "known.json", "--format", "jsonl")
    assert (result.exit_code, found(result)) == (0, [])
    kinds = [entry["kind"] for record in records(result) for entry in record["suppressed"]]
    assert kinds == ["external"] * 3
    run = json.loads(lint("t", "--baseline", "known.json", "--format", "sarif").stdout_bytes)["runs"][0]
    assert [r["suppressions"][0]["kind"] for r in run["results"]] == ["external"] * 3


def test_moved_lines_stay_known_and_a_second_copy_does_not(shop: Path) -> None:
    path = shop / "t" / "a.txt"
    path.write_text("新的一行\n\n  顶级毛巾，顶级毛毯 \n您好\n这是顶级毛巾\n", "utf-8")
    assert lint("t", "--baseline", "known.json").exit_code == 0
    path.write_text(path.read_text("utf-8") + "这是顶级毛巾\n", "utf-8")
    result = lint("t", "--baseline", "known.json", "--format", "jsonl")
    assert (result.exit_code, found(result)) == (1, [("ad-law/extreme", 6, "顶级")])


def test_a_changed_text_and_another_file_are_new(shop: Path) -> None:
    (shop / "t" / "c.txt").write_text("这是顶级毛巾\n", "utf-8")
    path = shop / "t" / "a.txt"
    path.write_text(path.read_text("utf-8").replace("这是顶级毛巾", "这真是顶级毛巾"), "utf-8")
    result = lint("t", "--baseline", "known.json", "--format", "jsonl")
    new = [record["source"] for record in records(result) if record["findings"]]
    assert new == ["t/a.txt", "t/c.txt", "known.json"]


def test_what_is_gone_is_told_and_the_file_can_shrink(shop: Path) -> None:
    (shop / "t" / "a.txt").write_text("您好\n这是顶级毛巾\n顶级毛巾，好做工\n", "utf-8")
    result = lint("t", "--baseline", "known.json", "--format", "jsonl", "--fail-on", "warning")
    gone = [record for record in records(result) if record["source"] == "known.json"]
    lines = (shop / "known.json").read_text("utf-8").split("\n")
    assert [record["findings"][0]["rule"] for record in gone] == ["lint/stale-baseline"] * 2
    assert all("ad-law/extreme" in lines[record["line"] - 1] for record in gone)
    assert len({record["line"] for record in gone}) == 2
    assert result.exit_code == 1  # the shortened text is new
    before = json.loads((shop / "known.json").read_bytes())["findings"]
    assert lint("t", "--write-baseline", "known.json").exit_code == 0
    after = json.loads((shop / "known.json").read_bytes())["findings"]
    assert (len(before), len(after)) == (3, 2)
    assert lint("t", "--baseline", "known.json", "--fail-on", "warning").exit_code == 0


def test_a_file_that_was_not_looked_at_is_neither_gone_nor_dropped(shop: Path) -> None:
    result = lint("t/b.csv", "--baseline", "known.json", "--format", "jsonl")
    assert found(result) == []
    lint("t/b.csv", "--write-baseline", "known.json")
    assert lint("t", "--baseline", "known.json").exit_code == 0
    (shop / "t" / "a.txt").unlink()
    assert {
        rule for rule, _, _ in found(lint("t/b.csv", "--baseline", "known.json", "--format", "jsonl"))
    } == {"lint/stale-baseline"}


def test_the_file_is_sorted_holds_no_text_and_does_not_depend_on_where_it_is_run(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = (shop / "known.json").read_text("utf-8")
    assert "顶级" not in written
    assert "面料" not in written
    assert str(shop) not in written
    entries = json.loads(written)["findings"]
    assert entries == sorted(entries, key=lambda e: (e["file"], e["rule"], e["fingerprint"]))
    assert len(written.strip().split("\n")) == len(entries) + 2
    monkeypatch.chdir(shop / "t")
    lint("..", "--write-baseline", "../other/known.json")
    assert lint(".", "--baseline", "../known.json").exit_code == 0
    lint(".", "--write-baseline", "../known.json")
    assert (shop / "known.json").read_text("utf-8") == written


def test_a_baseline_within_the_folder_is_not_linted(shop: Path) -> None:
    lint("t", "--write-baseline", "t/known.json")
    sources = {
        record["source"] for record in records(lint("t", "--baseline", "t/known.json", "--format", "jsonl"))
    }
    assert sources == {"t/a.txt", "t/b.csv"}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("{", 1),
        ("[]", 1),
        ('{"version": 2, "findings": []}', 1),
        ('{"version": 1}', 1),
        ('{"version": 1, "findings": [\n{"file":"a","rule":"x","fingerprint":"zz"}\n]}', 2),
        (
            '{"version": 1, "findings": [\n{"file":"a","rule":"x","fingerprint":"'
            + "0" * 32
            + '","count":0}\n]}',
            2,
        ),
        ("\x00\xff", 1),
    ],
)
def test_a_broken_baseline_is_refused_with_place_and_remedy(content: str, line: int, shop: Path) -> None:
    (shop / "known.json").write_bytes(content.encode("latin-1"))
    for option in ("--baseline", "--write-baseline"):
        result = lint("t", option, "known.json")
        assert result.exit_code == 2
        assert f"known.json:{line}" in result.stderr
        assert "--write-baseline" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_a_missing_baseline_and_one_that_cannot_be_written_end_with_two(shop: Path) -> None:
    assert "--write-baseline" in lint("t", "--baseline", "none.json").stderr
    assert lint("t", "--baseline", "none.json").exit_code == 2
    assert lint("t", "--write-baseline", "no/such/folder.json").exit_code == 2


def test_nothing_is_recorded_when_a_file_could_not_be_read(shop: Path) -> None:
    before = (shop / "known.json").read_bytes()
    (shop / "t" / "broken.json").write_text("{", "utf-8")
    assert lint("t", "--write-baseline", "known.json").exit_code == 2
    assert (shop / "known.json").read_bytes() == before


def test_standard_input_can_be_known(shop: Path) -> None:
    assert lint("-", "--write-baseline", "in.json", stdin="顶级毛巾\n").exit_code == 0
    assert lint("-", "--baseline", "in.json", stdin="您好\n顶级毛巾\n").exit_code == 0
    assert lint("-", "--baseline", "in.json", stdin="顶级毛毯\n").exit_code == 1
