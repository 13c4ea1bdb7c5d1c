from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import Session as Database
from sqlmodel import select

from app.cli import main
from app.cli.demo import _clock_offset_s, _prepare
from app.db.engine import open_engine
from app.db.tables import EventRow
from app.demo.script import load_script
from app.usecases.administration import principal_of_key, signing_secrets

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-11-22T12:00", "2026-11-22T12:00"),
        ("2026-11-22T08:30", "2026-11-22T08:30"),
        ("2026-11-22T20:01", "2026-11-22T10:00"),
        ("2026-11-22T04:00", "2026-11-21T10:00"),
        ("2026-11-22T08:00", "2026-11-21T10:00"),
    ],
)
def test_at_night_the_demo_has_a_day_of_its_own(at: str, shown: str) -> None:
    now = datetime.fromisoformat(f"{at}:00+08:00")
    offset = timedelta(seconds=_clock_offset_s("kuaishou", now))
    assert (now + offset).isoformat() == f"{shown}:00+08:00"


def two_free_ports() -> int:
    """A port that is free together with the next one."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    pytest.fail("no two free ports")


def test_preparing_makes_a_shop_whose_key_and_secret_work(tmp_path: Path) -> None:
    shop = _prepare(tmp_path, load_script(), 8771, NOW)
    engine = open_engine(f"sqlite:///{tmp_path / 'miaohui.db'}")
    with Database(engine) as db:
        principal = principal_of_key(db, shop.api_key)
        assert principal is not None
        assert principal.shop_id == shop.shop_id
        assert shop.webhook_secret in signing_secrets(db, shop.shop_id)
    engine.dispose()
    assert shop.callback_secret.startswith("whsec_")


def test_a_second_start_plays_the_same_shop_even_at_another_port(tmp_path: Path) -> None:
    first = _prepare(tmp_path, load_script(), 8771, NOW)
    second = _prepare(tmp_path, load_script(), 9771, NOW)
    assert (first.api_key, first.webhook_secret) == (second.api_key, second.webhook_secret)
    assert first.callback_secret == second.callback_secret
    assert second.callback_url == "http://127.0.0.1:9771/callback"


def test_lost_credentials_are_made_anew(tmp_path: Path) -> None:
    first = _prepare(tmp_path, load_script(), 8771, NOW)
    (tmp_path / "demo.json").write_text("nonsense")
    second = _prepare(tmp_path, load_script(), 8771, NOW)
    assert second.api_key != first.api_key
    assert second == _prepare(tmp_path, load_script(), 8771, NOW)


@pytest.mark.skipif(os.name != "posix", reason="file modes are a POSIX matter")
def test_the_credentials_are_for_their_owner_only(tmp_path: Path) -> None:
    _prepare(tmp_path, load_script(), 8771, NOW)
    assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0


def test_a_taken_port_ends_with_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["demo", "--port", str(port), "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert str(port) in result.stderr


@pytest.mark.parametrize("arguments", [["--speed", "0"], ["--speed", "fast"], ["--port", "65535"]])
def test_impossible_options_are_refused(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["demo", *arguments]).exit_code == 2


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [
            *(sys.executable, "-c", "from app.cli import main; main()", "demo", "--headless"),
            *("--port", str(two_free_ports()), "--data", str(tmp_path / "data")),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    yield running
    if running.poll() is None:
        running.kill()
    assert running.stdout is not None
    running.stdout.close()
    running.wait()


@pytest.mark.skipif(os.name != "posix", reason="signals are a POSIX matter")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_plays_through_the_real_service_and_ends_cleanly(
    demo: subprocess.Popen[str], tmp_path: Path, ending: signal.Signals
) -> None:
    """A real service as a child process; ended as soon as the first buyers have written and an agent has answered."""
    assert demo.stdout is not None
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if "→" in line:
            break
    else:
        pytest.fail("the demo ended early:\n" + "".join(lines))
    demo.send_signal(ending)
    rest = demo.stdout.read()
    assert demo.wait(timeout=30) == 0, rest
    spoken = "".join(lines) + rest
    assert "Traceback" not in spoken, spoken
    assert "✗" not in "".join(lines), spoken
    engine = open_engine(f"sqlite:///{tmp_path / 'data' / 'miaohui.db'}")
    with Database(engine) as db:
        assert len(db.exec(select(EventRow)).all()) >= 5
    engine.dispose()
