"""`miaohui member`, and the code that `miaohui serve` prints where there is no shop yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient
from people import OUR_PAGE, PASSWORD

from app.cli import main
from app.cli.serve import _prepare_database
from app.main import create_app
from app.settings import Settings
from app.usecases.knowledge import Knowledge
from app.usecases.setup_code import folded_code, new_setup_code

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MIAOHUI_DATABASE_URL", f"sqlite:///{tmp_path / 'm.db'}")
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments)

    made = command("shop", "add", "tea", "--name", "小茶铺", "--platform", "kuaishou")
    assert made.exit_code == 0, made.output
    return command


def records(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_the_link_that_is_printed_makes_an_owner(run: Run, tmp_path: Path, knowledge: Knowledge) -> None:
    (made,) = records(run("member", "add", "tea", "wang", "--role", "owner", "--format", "jsonl"))
    assert made["link"].startswith("http://127.0.0.1:8770/join/tea.")
    assert [record["state"] for record in records(run("member", "list", "tea", "--format", "jsonl"))] == [
        "invitation"
    ]
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path / 'm.db'}", workers_run_jobs=False)  # type: ignore[call-arg]
    with TestClient(create_app(settings, knowledge=knowledge)) as client:
        path = made["link"].removeprefix("http://127.0.0.1:8770")
        fields = {"name": "王老板", "password": PASSWORD, "again": PASSWORD}
        assert "王老板" in client.post(path, data=fields, headers=OUR_PAGE).text
    (member,) = records(run("member", "list", "tea", "--format", "jsonl"))
    assert (member["login"], member["role"], member["state"]) == ("wang", "owner", "active")
    assert run("member", "disable", "tea", "wang").exit_code == 2
    assert "最后一位店主" in run("member", "role", "tea", "wang", "agent").output
    reset = run("member", "reset", "tea", "WANG", "--server", "https://miaohui.example/")
    assert "https://miaohui.example/join/tea." in reset.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "nowhere", "wang"), "没有店铺 nowhere"),
        (("add", "tea", "有 空格"), "登录名 2 到 64"),
        (("disable", "tea", "nobody"), "没有成员 nobody"),
        (("reset", "tea", "nobody"), "没有成员 nobody"),
        (("add", "tea", "wang", "--server", "miaohui.example"), "--server 要写成"),
    ],
)
def test_what_cannot_be_done_ends_with_one_clear_line(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    result = run("member", *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.splitlines()) == 1


def test_a_code_is_made_only_where_there_is_no_shop(run: Run, tmp_path: Path) -> None:
    fresh = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path / 'fresh.db'}")  # type: ignore[call-arg]
    used = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path / 'm.db'}")  # type: ignore[call-arg]
    assert len(folded_code(_prepare_database(fresh))) == 12
    assert _prepare_database(used) == ""


def test_codes_differ_and_are_read_however_they_are_typed() -> None:
    assert len({new_setup_code() for _ in range(100)}) == 100
    code = new_setup_code()
    assert folded_code(f" {code.lower().replace('-', ' ')} ") == folded_code(code)
