"""`miaohui mood -`: every line gives one object, in order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main


def run(stdin: str | bytes, *arguments: str) -> tuple[int, list[dict[str, object]], str]:
    result = CliRunner().invoke(main, ["mood", *(arguments or ("-",))], input=stdin)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines() if line], result.stderr


def test_every_line_gives_one_object_in_order_blank_ones_too() -> None:
    lines = ["谢谢", "", "你们太过分了", "   ", '引号"和\\', "最后一行没有换行"]
    code, records, _ = run("\n".join(lines))
    assert code == 0
    assert [record["text"] for record in records] == lines
    for record in records:
        assert set(record) == {"text", "p_satisfied", "p_dissatisfied"}
        assert 0 <= float(str(record["p_satisfied"])) <= 1
        assert 0 <= float(str(record["p_dissatisfied"])) <= 1


def test_no_line_gives_no_object() -> None:
    assert run("") == (0, [], "")


def test_a_file_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("谢谢\n滚\n", "utf-8")
    code, records, _ = run("", str(file))
    assert code == 0
    assert [record["text"] for record in records] == ["谢谢", "滚"]


@pytest.mark.parametrize(
    ("arguments", "stdin"), [(("/no/such/file",), b""), (("-",), b"\xff\xfe"), (("--nonsense",), b"")]
)
def test_what_cannot_be_read_ends_with_2(arguments: tuple[str, ...], stdin: bytes) -> None:
    code, records, message = run(stdin, *arguments)
    assert code == 2
    assert records == []
    assert message


def test_people_read_words_and_percentages() -> None:
    result = CliRunner().invoke(main, ["mood", "-", "--format", "text"], input="谢谢\n")
    assert result.exit_code == 0
    assert "满意" in result.stdout
    assert "谢谢" in result.stdout
