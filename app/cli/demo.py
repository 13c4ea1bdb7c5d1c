"""`miaohui demo`: a shop's day on one machine, from an empty folder to a live page, in one command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import webbrowser
from asyncio.subprocess import Process
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import click
import httpx2 as httpx
import orjson
from sqlmodel import Session as Database

from app.cli.output import cannot, say
from app.db.engine import open_engine
from app.db.migrate import upgrade
from app.demo.past import in_batches, past_sessions
from app.demo.player import DemoShop, Player
from app.demo.script import Script, ScriptError, load_script
from app.demo.tempo import Tempo
from app.gateways import wall_clock
from app.platforms.catalog import load_profiles
from app.settings import Settings
from app.usecases.administration import (
    add_key,
    add_shop,
    add_signing_secret,
    list_shops,
    principal_of_key,
    set_callback,
)
from app.usecases.knowledge import Knowledge
from app.usecases.web_sessions import open_web_session

SHOP_ID: Final = "demo"
READY_WITHIN_S: Final = 90.0
ENDS_WITHIN_S: Final = 8.0
EARLIEST, LATEST, START = time(8, 30), time(20, 0), time(10, 0)
"""Between the first two the real clock is used; else the demo's clock stands at the third."""
PAST_BATCH: Final = 60
"""Events of the past that are told at a time: few, so that the day's own do not wait for them."""
CREDENTIALS: Final = "demo.json"
"""The demo's own file in its data folder: the key and the secret of a shop with invented buyers."""


@click.command(name="demo")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 10_000),
    default=60,
    show_default=True,
    help="一天压缩多少倍：到店间隔除以它，对话内的停顿只除以它的四次方根 / how much the day is squeezed",
)
@click.option("--port", type=click.IntRange(1, 65_534), default=8770, show_default=True)
@click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data/demo"),
    show_default=True,
    help="数据放在哪个文件夹 / where the data lives",
)
@click.option("--once", is_flag=True, help="只演一天 / one day only")
@click.option("--headless", is_flag=True, help="不打开浏览器 / do not open a browser")
def command(speed: float, port: int, data_dir: Path, *, once: bool, headless: bool) -> None:
    """演示：启动服务，建一家店，用真实的签名回调演一家店的一天。

    Starts the service on 127.0.0.1 with SQLite in a local folder, makes a demo shop and plays its day through the
    signed webhook: dozens of buyers, two agents who type, a rush at noon. The windows of the platform are real: some
    buyers whom nobody answers have waited up to two minutes already, so the machine's first answers come soon. The
    next port is used for the demo console that takes Miaohui's replies. Ctrl-C ends it.
    """
    for needed in (port, port + 1):
        if not _is_free(needed):
            cannot(f"端口 {needed} 已被占用，请用 --port 换一个 / port {needed} is taken")
    try:
        script = load_script()
    except ScriptError as error:
        cannot(str(error))
    data_dir = data_dir.resolve()
    offset_s = _clock_offset_s(script.platform, wall_clock.now())
    now = wall_clock.shifted(offset_s)
    try:
        shop = _prepare(data_dir, script, port + 1, now())
        link = _sign_in_link(data_dir, shop, now())
    except OSError as error:
        cannot(f"不能写 {data_dir}：{error.strerror or error} / cannot write the data folder")
    if offset_s:
        local = now().astimezone(load_profiles()[script.platform].primary_reply.latest.definition.zone)
        say(
            f"演示用的时钟拨到了 {local:%m-%d %H:%M}，因为现在不在平台的考核时段 / the demo's clock is shifted"
        )
    stage = _Stage(
        script, shop, base_url=f"http://127.0.0.1:{port}", port=port, data_dir=data_dir, offset_s=offset_s
    )
    raise SystemExit(asyncio.run(_run(stage, link, speed, once=once, headless=headless)))


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where a demo plays. `offset_s`: how far its clock is shifted from the real one."""

    script: Script
    shop: DemoShop
    base_url: str
    port: int
    data_dir: Path
    offset_s: float


def _prepare(data_dir: Path, script: Script, callback_port: int, now: datetime) -> DemoShop:
    """Make or find the demo shop in `data_dir`: a migrated database, the shop, its key and its signing secret.

    What was made is kept in `demo.json` there, so that a second start plays the same shop.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    callback_url = DemoShop(SHOP_ID, "", "", "", callback_port).callback_url
    engine = open_engine(_database_url(data_dir))
    try:
        upgrade(engine)
        with Database(engine.execution_options(writes=True)) as db:
            kept = _read_credentials(data_dir / CREDENTIALS)
            if not any(row.id == SHOP_ID for row in list_shops(db)):
                new = add_shop(
                    db,
                    Knowledge.load(),
                    now,
                    shop_id=SHOP_ID,
                    name=script.name,
                    platform=script.platform,
                    callback_url=callback_url,
                )
                kept = {
                    "api_key": add_key(db, SHOP_ID, now, label="demo"),
                    "webhook_secret": new.signing_secret,
                }
            elif kept is None:
                kept = {
                    "api_key": add_key(db, SHOP_ID, now, label="demo"),
                    "webhook_secret": add_signing_secret(db, SHOP_ID, now),
                }
            callback_secret = set_callback(db, SHOP_ID, callback_url, now)
            db.commit()
    finally:
        engine.dispose()
    _write_credentials(data_dir / CREDENTIALS, kept)
    return DemoShop(SHOP_ID, kept["api_key"], kept["webhook_secret"], callback_secret, callback_port)


def _sign_in_link(data_dir: Path, shop: DemoShop, now: datetime) -> str:
    """The path that signs a browser in to the demo shop's page."""
    engine = open_engine(_database_url(data_dir))
    try:
        with Database(engine.execution_options(writes=True)) as db:
            principal = principal_of_key(db, shop.api_key)
            assert principal is not None
            token = open_web_session(db, principal, now)
            db.commit()
    finally:
        engine.dispose()
    return f"/sign-in/{token}"


def _database_url(data_dir: Path) -> str:
    return Settings(data_dir=data_dir, database_url="").resolved_database_url


def _read_credentials(path: Path) -> dict[str, str] | None:
    try:
        kept = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    names = ("api_key", "webhook_secret")
    if not isinstance(kept, dict) or not all(isinstance(kept.get(name), str) for name in names):
        return None
    return {name: kept[name] for name in names}


def _write_credentials(path: Path, kept: dict[str, str]) -> None:
    path.touch(mode=0o600)
    path.write_bytes(orjson.dumps(kept))


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _clock_offset_s(platform: str, now: datetime) -> float:
    """How far the demo's clock must be shifted so that the platform counts: 0 by day, else back to the last ten o'clock.

    By night nothing would be assessed, and a demo that shows no clock shows nothing.
    """
    zone = load_profiles()[platform].primary_reply.latest.definition.zone
    local = now.astimezone(zone)
    if EARLIEST <= local.time() <= LATEST:
        return 0
    start = datetime.combine(local.date(), START, zone)
    if start > local:
        start -= timedelta(days=1)
    return (start - local).total_seconds()


async def _run(stage: _Stage, link: str, speed: float, *, once: bool, headless: bool) -> int:
    """Server and player until the day, the server or the user ends it. The exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    server = await _start_server(stage)
    stopping = asyncio.ensure_future(stop.wait())
    dying = asyncio.ensure_future(server.wait())
    tasks: list[asyncio.Future[object]] = [stopping, dying]  # type: ignore[list-item]
    try:
        ready = asyncio.ensure_future(_wait_until_ready(stage.base_url))
        tasks.append(ready)  # type: ignore[arg-type]
        await asyncio.wait({stopping, dying, ready}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return 0
        if not ready.done() or not ready.result():
            say("服务没有启动成功，原因见上 / the service did not start")
            return 2
        _greet(stage, link, headless=headless)
        player = Player(
            stage.script,
            stage.shop,
            stage.base_url,
            tempo=Tempo.of_speed(speed),
            tell=_tell,
            now=wall_clock.shifted(stage.offset_s),
            past=_past_batches(stage),
        )
        playing = asyncio.ensure_future(player.play(once=once))
        tasks.append(playing)  # type: ignore[arg-type]
        await asyncio.wait({stopping, dying, playing}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return 0
        if playing.done():
            playing.result()
            return 0
        say(f"服务已退出（{server.returncode}）/ the service ended")
        return 2
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _end(server)
        say("演示结束 / the demo has ended")


def _past_batches(stage: _Stage) -> Iterator[Sequence[dict[str, Any]]]:
    zone = load_profiles()[stage.script.platform].primary_reply.latest.definition.zone
    today = wall_clock.shifted(stage.offset_s)().astimezone(zone).date()
    return in_batches(past_sessions(stage.script, zone, today), PAST_BATCH)


async def _start_server(stage: _Stage) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from app.cli import main; main()",
        "serve",
        "--port",
        str(stage.port),
        env=os.environ
        | {
            "MIAOHUI_DATA_DIR": str(stage.data_dir),
            "MIAOHUI_DATABASE_URL": _database_url(stage.data_dir),
            "MIAOHUI_CALLBACK_ALLOW": f'["127.0.0.1:{stage.shop.callback_port}"]',
            "MIAOHUI_CLOCK_OFFSET_S": str(stage.offset_s),
        },
    )


async def _wait_until_ready(base_url: str) -> bool:
    """Is `/readyz` answered with 200 in time?"""
    async with httpx.AsyncClient(base_url=base_url, timeout=2, trust_env=False) as client:
        for _ in range(int(READY_WITHIN_S / 0.2)):
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/readyz")).status_code == 200:
                    return True
            await asyncio.sleep(0.2)
    return False


def _greet(stage: _Stage, link: str, *, headless: bool) -> None:
    script = stage.script
    say("")
    say(f"  实时页面 live page：{stage.base_url}{link}")
    say(f"  （也可在 {stage.base_url}/ 用密钥登录 / or sign in with the key：{stage.shop.api_key}）")
    say(
        f"  店铺 {script.name}（{script.platform}），客服 {'、'.join(script.agents)}。Ctrl-C 结束 / Ctrl-C ends it"
    )
    say("")
    sys.stdout.flush()
    has_screen = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if not headless and has_screen and sys.stdout.isatty():
        webbrowser.open(f"{stage.base_url}{link}")


def _tell(line: str) -> None:
    say(f"{datetime.now().astimezone():%H:%M:%S} {line}")
    sys.stdout.flush()


async def _end(server: Process) -> None:
    """End our own child: asked first, then forced."""
    if server.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        server.terminate()
    try:
        await asyncio.wait_for(server.wait(), ENDS_WITHIN_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        await server.wait()
