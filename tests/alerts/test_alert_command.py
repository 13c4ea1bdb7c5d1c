"""`miaohui alert`, as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fake_robots import DINGTALK, DINGTALK_SECRET, SECRETS, Robots

from app.cli import main


@pytest.fixture
def run(tmp_path: Path, robots: Robots, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    for name, value in robots.settings.items():
        monkeypatch.setenv(f"MIAOHUI_{name.upper()}", json.dumps(value))
    runner = CliRunner()

    def run(*arguments: str, **more: Any) -> Result:
        return runner.invoke(main, list(arguments), **more)

    assert run("shop", "add", "tea", "--name", "小茶铺", "--platform", "kuaishou").exit_code == 0
    return run


def test_a_channel_is_added_listed_tested_and_removed(run: Any, robots: Robots) -> None:
    added = run(
        "alert",
        "add",
        "tea",
        DINGTALK,
        "--secret",
        DINGTALK_SECRET,
        "--name",
        "主管群",
        "--set",
        "after_s=30",
    )
    channel = json.loads(added.stdout)
    assert (channel["after_s"], channel["address"]) == (30, "dingtalk://…6789")
    assert json.loads(run("alert", "list", "tea").stdout) == channel
    tested = run("alert", "test", "tea", channel["id"])
    assert (tested.exit_code, tested.stdout) == (0, "已送达 / delivered\n")
    assert "小茶铺" in robots.texts[0]
    assert run("alert", "remove", "tea", channel["id"]).exit_code == 0
    assert run("alert", "list", "tea").stdout == ""


def test_an_address_may_come_from_standard_input(run: Any) -> None:
    added = run("alert", "add", "tea", "-", "--name", "群", input=DINGTALK + "\n")
    assert json.loads(added.stdout)["kind"] == "dingtalk"


def test_what_cannot_be_is_one_clear_line_without_the_address(run: Any, robots: Robots) -> None:
    channel = json.loads(run("alert", "add", "tea", DINGTALK, "--name", "群").stdout)["id"]
    for arguments, said in (
        (("add", "nobody", DINGTALK, "--name", "群"), "没有店铺"),
        (("add", "tea", DINGTALK + "!", "--name", "群"), "不完整"),
        (("add", "tea", "gnome://", "--name", "群"), "不支持"),
        (("add", "tea", DINGTALK, "--name", "群", "--set", "colour=red"), "--set"),
        (("test", "tea", "nothing"), "没有渠道"),
        (("test", "tea", channel), "没有送达：机器人拒收：310000"),
        (("remove", "tea", "nothing"), "没有渠道"),
    ):
        result = run("alert", *arguments)
        assert result.exit_code == 2, arguments
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert [secret for secret in SECRETS if secret in result.output] == []
