"""Pairing a browser extension from the command line, and what it asks the service first."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest_service import Running
from sqlmodel import Session as Database

from app.cli import main
from app.usecases.administration import AdministrationError, add_key, revoke_key
from app.usecases.pairing import Pairing, pair_extension

SERVER = "https://miaohui.example.com"


def paired(running: Running, **more: Any) -> Pairing:
    arguments = {"server": SERVER, "agent_id": "xiaolin", "agent_name": "小林"} | more
    return running.service.writer.submit(
        lambda db: pair_extension(db, "demo", running.clock(), **arguments)
    ).result(10)


def read_code(code: str) -> dict[str, Any]:
    prefix, _, packed = code.partition(".")
    assert prefix == "mhp1"
    record = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    assert isinstance(record, dict)
    return record


def whoami(running: Running, key: str) -> Any:
    return running.client.get("/v1/whoami", headers={"authorization": f"Bearer {key}"})


def try_secret(running: Running, secret: str, at_offset_s: int = 0) -> Any:
    at = running.clock() + timedelta(seconds=at_offset_s)
    return running.client.post(
        "/v1/events", content=b"[]", headers=running.sign(b"[]", "probe-1", at, secret)
    )


@pytest.fixture
def miaohui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("MIAOHUI_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("MIAOHUI_DATABASE_URL", raising=False)
    run = CliRunner()

    def command(*arguments: str) -> Result:
        return run.invoke(main, list(arguments))

    command("db", "upgrade")
    command("shop", "add", "tea", "--name", "一盏茶", "--platform", "kuaishou")
    return command


def test_one_line_carries_all_that_an_extension_needs(miaohui: Callable[..., Result]) -> None:
    made = miaohui(
        "key", "add", "tea", "--for-extension", "--agent", "xiaolin", "--label", "小林",
        "--server", "https://miaohui.example.com/desk/", "--format", "text",
    )  # fmt: skip
    assert made.exit_code == 0, made.stderr
    record = read_code(made.stdout.strip())
    assert record.keys() == {"server", "shop", "key", "secret", "agent"}
    assert (record["server"], record["shop"]) == ("https://miaohui.example.com/desk", "tea")
    assert record["agent"] == {"id": "xiaolin", "name": "小林"}
    assert record["key"].startswith("mh_tea.")
    assert record["secret"].startswith("whsec_")
    (listed,) = map(json.loads, miaohui("key", "list", "tea", "--format", "jsonl").stdout.splitlines())
    assert listed["scopes"] == ["events", "lint", "read"]
    assert listed["label"] == "小林"
    assert f"miaohui key revoke tea {listed['id']}" in made.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--for-extension", "--agent", "a"], "--server"),
        (["--for-extension", "--server", SERVER], "--agent"),
        (
            ["--for-extension", "--agent", "a", "--server", "miaohui.example.com"],
            "https://miaohui.example.com",
        ),
        (["--for-extension", "--agent", "a", "--server", "https://u:p@x.example"], "--server"),
        (["--for-extension", "--agent", "a", "--server", "https://x.example:99999"], "--server"),
        (["--for-extension", "--agent", " ", "--server", SERVER], "客服编号"),
        (["--for-extension", "--agent", "a", "--server", SERVER, "--scope", "policy"], "--scope"),
        (["--agent", "a"], "--for-extension"),
    ],
)
def test_what_is_missing_for_a_pairing_is_said_and_makes_no_key(
    miaohui: Callable[..., Result], arguments: list[str], told: str
) -> None:
    made = miaohui("key", "add", "tea", *arguments)
    assert made.exit_code == 2
    assert told in made.stderr
    assert miaohui("key", "list", "tea", "--format", "jsonl").stdout == ""


def test_a_paired_key_is_told_whose_it_is_and_its_secret_signs(on_sqlite: Running) -> None:
    pairing = paired(on_sqlite)
    told = whoami(on_sqlite, pairing.key).json()
    assert (told["shop"], told["platform"]) == ("demo", "kuaishou")
    assert told["key"] == {"id": pairing.key_id, "label": "小林", "scopes": ["events", "lint", "read"]}
    assert told["at"] == on_sqlite.clock().isoformat()
    assert try_secret(on_sqlite, pairing.secret).json() == {"results": []}


def test_the_clock_and_the_secret_are_told_apart(on_sqlite: Running) -> None:
    pairing = paired(on_sqlite)
    tolerance = whoami(on_sqlite, pairing.key).json()["signature_tolerance_s"]
    late = try_secret(on_sqlite, pairing.secret, -tolerance - 1)
    wrong = try_secret(on_sqlite, "whsec_" + base64.b64encode(b"x" * 32).decode())
    assert (late.status_code, late.json()["reason"]) == (401, "stale_signature")
    assert (wrong.status_code, wrong.json()["reason"]) == (401, "bad_signature")


def test_any_key_may_ask_who_it_is(on_sqlite: Running) -> None:
    key = on_sqlite.service.writer.submit(
        lambda db: add_key(db, "demo", on_sqlite.clock(), label="看板", scopes=["dashboard"])
    ).result(10)
    assert whoami(on_sqlite, key).json()["key"]["scopes"] == ["dashboard"]


def test_revoking_the_key_ends_its_secret_too_and_nobody_elses(on_sqlite: Running) -> None:
    leaving, staying = paired(on_sqlite), paired(on_sqlite, agent_id="xiaozhou")

    def revoke(db: Database) -> None:
        revoke_key(db, "demo", leaving.key_id, on_sqlite.clock())

    on_sqlite.service.writer.submit(revoke).result(10)
    assert whoami(on_sqlite, leaving.key).status_code == 401
    assert try_secret(on_sqlite, leaving.secret).status_code == 401
    assert try_secret(on_sqlite, staying.secret).status_code == 200
    assert try_secret(on_sqlite, on_sqlite.shop.signing_secret).status_code == 200


def test_no_shop_no_pairing(on_sqlite: Running) -> None:
    with on_sqlite.db() as db, pytest.raises(AdministrationError, match="没有店铺"):
        pair_extension(db, "nobody", on_sqlite.clock(), server=SERVER, agent_id="a")
