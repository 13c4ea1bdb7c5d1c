"""What a shop sets for its consoles: validated, per shop, secrets never shown."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest_service import Running
from console_samples import CHATWOOT, EJABBERD, NOW, WECHAT, chatwoot_headers, chatwoot_message, dump

from app.cli import main
from app.db.tables import ConsoleRow
from app.gateways.consoles import ADAPTERS
from app.usecases.administration import AdministrationError
from app.usecases.consoles import console_for_reply, find_console, list_consoles, remove_console, set_console


def test_settings_are_kept_changed_and_removed(running: Running) -> None:
    submit = running.service.writer.submit
    submit(lambda db: set_console(db, "demo", "chatwoot", CHATWOOT, NOW)).result(10)
    submit(lambda db: set_console(db, "demo", "chatwoot", {"inbox": "9", "secret": "new"}, NOW)).result(10)
    with running.db() as db:
        found = find_console(db, "demo", "chatwoot")
        assert found is not None
        assert found.settings == {"account": "3", "secret": "new", "inbox": "9"}
        assert find_console(db, "demo", "douyin") is None
    submit(lambda db: set_console(db, "demo", "chatwoot", {"inbox": ""}, NOW)).result(10)
    with running.db() as db:
        found = find_console(db, "demo", "chatwoot")
        assert found is not None
        assert "inbox" not in found.settings
    submit(lambda db: remove_console(db, "demo", "chatwoot", NOW)).result(10)
    with running.db() as db:
        assert db.get(ConsoleRow, ("demo", "chatwoot")) is None
    with pytest.raises(AdministrationError):
        submit(lambda db: remove_console(db, "demo", "chatwoot", NOW)).result(10)


REFUSED = [
    ("nobody", "chatwoot", CHATWOOT, "没有店铺"),
    ("demo", "nothing", {}, "可用：chatwoot"),
    ("demo", "generic", {}, "可用：chatwoot"),
    ("demo", "chatwoot", {"secret": "canary-secret"}, "缺少 account"),
    ("demo", "chatwoot", CHATWOOT | {"colour": "red"}, "没有设置 colour"),
    ("demo", "chatwoot", CHATWOOT | {"account": "three"}, "account 不对"),
    ("demo", "chatwoot", CHATWOOT | {"url": "ftp://x"}, "url 不对"),
    ("demo", "chatwoot", CHATWOOT | {"url": "https://user:pw@x"}, "url 不对"),
    ("demo", "chatwoot", CHATWOOT | {"token": "two\tlines"}, "token 不对"),
    ("demo", "chatwoot", CHATWOOT | {"url": "https://客服.example"}, "url 不对"),
    ("demo", "chatwoot", CHATWOOT | {"token": "中文"}, "token 不对"),
    ("demo", "wechat_kf", WECHAT | {"aes_key": "short"}, "aes_key 不对"),
    ("demo", "ejabberd", EJABBERD | {"agents": "agent"}, "agents 不对"),
    ("demo", "ejabberd", EJABBERD | {"url": "http://x/api/register"}, "url 不对"),
]


def test_what_cannot_be_used_is_refused_by_name(on_sqlite: Running) -> None:
    submit = on_sqlite.service.writer.submit
    for shop, adapter, settings, said in REFUSED:
        with pytest.raises(AdministrationError, match=said) as refused:
            submit(partial(set_console, shop_id=shop, adapter=adapter, changes=settings, now=NOW)).result(10)
        for name in {"aes_key", "secret"} & settings.keys():
            assert settings[name] not in str(refused.value)
    with on_sqlite.db() as db:
        assert list_consoles(db, "demo") == []


def test_replies_go_by_a_console_only_for_its_sessions_and_when_it_has_what_it_needs(
    on_sqlite: Running,
) -> None:
    submit = on_sqlite.service.writer.submit
    submit(lambda db: set_console(db, "demo", "chatwoot", CHATWOOT, NOW)).result(10)
    with on_sqlite.db() as db:
        assert console_for_reply(db, "demo", "chatwoot:7") is None
    more = {"url": "https://chat.example", "token": "t"}
    submit(lambda db: set_console(db, "demo", "chatwoot", more, NOW)).result(10)
    with on_sqlite.db() as db:
        found = console_for_reply(db, "demo", "chatwoot:7")
        assert found is not None
        assert found.console.name == "chatwoot"
        for session in ("s1", "chatwoot", "douyin:7", "generic:7"):
            assert (console_for_reply(db, "demo", session) is not None) == (session == "chatwoot")


def test_every_console_says_what_it_is_and_every_setting_what_it_means() -> None:
    for name, console in ADAPTERS.items():
        assert console.name == name
        assert console.title
        known = {setting.name for setting in console.settings}
        assert set(console.replies_with) <= known
        assert len(known) == len(console.settings)
        assert all(setting.label for setting in console.settings)


def miaohui(folder: Path, *arguments: str, fails: int = 0) -> str:
    """What the command says: on stderr if it could not run, else on stdout."""
    done = CliRunner().invoke(main, arguments, env={"MIAOHUI_DATA_DIR": str(folder)})
    assert done.exit_code == fails, done.output
    return done.stderr if fails == 2 else done.stdout


def test_the_command_sets_lists_checks_and_removes(tmp_path: Path) -> None:
    miaohui(tmp_path, "shop", "add", "tea", "--name", "小茶铺", "--platform", "douyin")
    console = ("shop", "console")
    assert "account（必填）" in miaohui(tmp_path, *console, "set", "tea", "chatwoot", fails=2)
    made = miaohui(
        tmp_path, *console, "set", "tea", "chatwoot", "--set", "account=3", "--set", "secret=s3cr3t"
    )
    assert json.loads(made) == {
        "shop": "tea",
        "console": "chatwoot",
        "set": ["account", "secret"],
        "replies": False,
    }
    listed = json.loads(miaohui(tmp_path, *console, "list", "tea"))
    assert listed["settings"] == {"account": "3", "secret": "***"}

    body = dump(chatwoot_message())
    (tmp_path / "body.json").write_bytes(body)

    def check(headers: dict[str, str], fails: int = 0) -> dict[str, object]:
        lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
        (tmp_path / "headers.txt").write_text(lines, encoding="utf-8")
        files = ("--headers", str(tmp_path / "headers.txt"), "--body", str(tmp_path / "body.json"))
        said: dict[str, object] = json.loads(
            miaohui(tmp_path, *console, "check", "tea", "chatwoot", *files, fails=fails)
        )
        return said

    old = NOW.replace(year=2020)
    stale = check(chatwoot_headers(body, old, secret="s3cr3t"))
    assert stale["proof"] == "stale"
    wrong = check(chatwoot_headers(body, old, secret="another"), fails=1)
    assert wrong["proof"] == "bad"
    assert "13809" in json.dumps(wrong["hints"])
    assert check({})["proof"] == "key"
    assert "s3cr3t" not in json.dumps([stale, wrong, listed])
    miaohui(tmp_path, *console, "remove", "tea", "chatwoot")
    assert miaohui(tmp_path, *console, "list", "tea") == ""
