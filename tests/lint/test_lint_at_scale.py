"""Ten thousand templates: progress, bounded memory; and what happens when files or readers fail."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from lint_runner import lint, records

REPO = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-P", "-c", "from app.cli import main; main()", "lint"]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(REPO)]).strip(":"),
}


@pytest.fixture(scope="module")
def ten_thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for part in range(100):
        (folder / f"{part:02}").mkdir()
        for n in range(100):
            word = "顶级" if n == 50 else "棉质"
            (folder / f"{part:02}" / f"{n:02}.txt").write_text(
                f"亲，您好，订单{part}-{n}今天发货\n这款{word}毛巾很舒服\n", "utf-8"
            )
    return folder


def test_a_folder_of_ten_thousand_shows_progress_and_finishes(ten_thousand: Path) -> None:
    done = subprocess.run(
        [*COMMAND, str(ten_thousand), "--format", "jsonl", "--progress", "--no-config"],
        capture_output=True, env=ENVIRONMENT, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    texts = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(texts) == 20_000
    assert sum(f["match"] == "顶级" for record in texts for f in record["findings"]) == 100
    progress = done.stderr.decode().splitlines()
    assert "10000/10000 个文件、20000 条" in progress[-1]


def test_files_of_ten_thousand_lines_are_read(tmp_path: Path) -> None:
    lines = [f"亲，第{n}条，这款面料很舒服" for n in range(10_000)]
    (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8")
    (tmp_path / "a.json").write_text(json.dumps(lines, ensure_ascii=False, indent=0), "utf-8")
    (tmp_path / "a.yaml").write_text("".join(f"- {line}\n" for line in lines), "utf-8")
    (tmp_path / "a.toml").write_text("".join(f"[[p]]\nt = '{line}'\n" for line in lines), "utf-8")
    result = lint(tmp_path, "--format", "jsonl", "--no-config")
    assert len(records(result)) == 40_000


def test_without_a_terminal_stderr_stays_empty(ten_thousand: Path) -> None:
    done = subprocess.run(
        [*COMMAND, str(ten_thousand / "00"), "--format", "jsonl"],
        capture_output=True,
        env=ENVIRONMENT,
        check=False,
    )
    assert done.stderr == b""


def test_a_terminal_sees_one_line_that_is_taken_away(ten_thousand: Path) -> None:
    master, slave = pty.openpty()
    done = subprocess.Popen(
        [*COMMAND, str(ten_thousand), "--format", "jsonl"],
        stdout=subprocess.DEVNULL,
        stderr=slave,
        env=ENVIRONMENT,
    )
    os.close(slave)
    seen = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        seen += part
    os.close(master)
    assert done.wait() == 1
    shown = seen.decode()
    assert "/10000 个文件" in shown
    assert "\n" not in shown
    assert shown.endswith("\r\x1b[2K")


def test_results_come_while_the_rest_is_still_being_read(tmp_path: Path) -> None:
    """The first object arrives although standard input is not at its end."""
    process = subprocess.Popen(
        [*COMMAND, "-", "--format", "jsonl", "--no-config"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("您好\n".encode() * 1_000)
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["line"] == 1
    process.stdin.close()
    rest = process.stdout.read()
    assert rest.count(b"\n") == 999
    assert process.wait() == 0


@pytest.mark.parametrize("form", ["jsonl", "text", "json", "github"])
def test_a_reader_that_goes_away_is_no_reason_to_complain(form: str, ten_thousand: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, str(ten_thousand), "--format", form],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 2


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("顶级\n", "utf-8")
    Path("b.json").write_text("{\n", "utf-8")
    Path("c.xlsx").write_bytes(b"PK nothing")
    Path("d.yaml").write_text("a: [1\n", "utf-8")
    Path("e.toml").write_text("a = \n", "utf-8")
    Path("f.txt").write_bytes(b"\xff\xff\xff")
    Path("g.txt").write_text("全网第一\n", "utf-8")
    Path("loop.txt").symlink_to("loop.txt")
    result = lint(".", "none.txt", "--format", "jsonl")
    assert result.exit_code == 2
    assert [record["source"] for record in records(result)] == ["a.txt", "g.txt"]
    said = result.stderr.strip().splitlines()
    assert len(said) == 7
    names = ("none.txt", "b.json", "c.xlsx", "d.yaml", "e.toml", "f.txt", "loop.txt")
    for name, line in zip(names, said, strict=True):
        assert line.startswith("miaohui: ")
        assert name in line
        assert "请" in line
        assert " / " in line


def test_names_that_are_not_utf8_are_still_reported(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe.txt"
    Path(os.fsdecode(name)).write_text("顶级\n", "utf-8")
    for form in ("jsonl", "json", "sarif", "gitlab", "github", "junit", "text"):
        result = lint(tmp_path, "--format", form)
        assert result.exit_code == 1, result.output
        assert "ad-law/extreme" in result.stdout


def test_a_path_named_twice_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("您好\n", "utf-8")
    assert len(records(lint("a.txt", ".", "./a.txt", "--format", "jsonl"))) == 1


def test_files_and_standard_input_come_in_the_order_of_the_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt"):
        Path(name).write_text("您好\n", "utf-8")
    result = lint("b.txt", "-", "a.txt", "--format", "jsonl", stdin="您好\n")
    assert [record["source"] for record in records(result)] == ["b.txt", "-", "a.txt"]
