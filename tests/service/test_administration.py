"""What an operator does from the command line, as an operator does it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main

Command = Callable[..., Result]


@pytest.fixture
def miaohui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("MIAOHUI_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("MIAOHUI_DATABASE_URL", raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    return run


def test_a_shop_a_key_and_a_policy_are_made_and_changed(miaohui: Command) -> None:
    run = miaohui
    assert run("db", "upgrade").exit_code == 0
    made = json.loads(
        run("shop", "add", "a", "--name", "甲店", "--platform", "taobao", "--format", "jsonl").stdout
    )
    assert made["signing_secret"].startswith("whsec_")
    key = json.loads(run("key", "add", "a", "--scope", "lint", "--format", "jsonl").stdout)
    assert key["scopes"] == ["lint"]
    (listed,) = run("key", "list", "a", "--format", "jsonl").stdout.splitlines()
    assert key["key"] not in listed
    assert run("key", "revoke", "a", json.loads(listed)["id"]).exit_code == 0
    assert json.loads(run("shop", "policy", "a").stdout)["robot_on"] is True
    assert json.loads(run("shop", "policy", "a", "--set", "robot_on=false").stdout)["robot_on"] is False
    assert json.loads(run("shop", "policy", "a").stdout)["robot_on"] is False
    assert json.loads(run("shop", "policy", "a", "--restore", "1", "--by", "小周").stdout)["robot_on"] is True
    history = run("shop", "policy", "a", "--history").stdout.splitlines()
    told = [(version["number"], version["by"]) for version in map(json.loads, history)]
    assert told == [(3, "小周"), (2, "命令行"), (1, "")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("shop", "add", "A B", "--name", "x", "--platform", "kuaishou"),
        ("shop", "add", "a", "--name", "x", "--platform", "nowhere"),
        ("shop", "add", "a", "--name", "x", "--platform", "kuaishou", "--callback", "ftp://x"),
        ("shop", "add", "a", "--name", "x", "--platform", "kuaishou", "--policy", "{"),
        ("shop", "add", "a", "--name", "x", "--platform", "kuaishou", "--policy", '{"hold_before_s": -1}'),
        ("shop", "policy", "nobody"),
        ("shop", "policy", "nobody", "--set", "learn=off"),
        ("shop", "policy", "nobody", "--restore", "1", "--set", "learn=off"),
        ("key", "add", "nobody"),
        ("key", "revoke", "nobody", "x"),
    ],
)
def test_what_cannot_be_done_ends_with_one_clear_line(miaohui: Command, arguments: tuple[str, ...]) -> None:
    result = miaohui(*arguments)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


def test_a_taken_port_and_a_database_that_is_not_there_are_said_in_one_line(
    miaohui: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = miaohui("serve", "--port", str(taken.getsockname()[1]))
    assert (result.exit_code, len(result.stderr.strip().splitlines())) == (2, 1)
    monkeypatch.setenv("MIAOHUI_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    result = miaohui("serve", "--port", "0")
    assert (result.exit_code, len(result.stderr.strip().splitlines())) == (2, 1)
