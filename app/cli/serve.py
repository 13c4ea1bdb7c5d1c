"""`miaohui serve`: run the service."""

from __future__ import annotations

import signal
import socket
import sys
from types import FrameType

import click
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session as Database

from app.cli.log_format import configure_logging
from app.cli.operator_settings import read_settings
from app.cli.output import cannot, one_line, say
from app.db.engine import open_engine
from app.db.migrate import upgrade
from app.gateways.collector import spare_what_stays, wait_with_search
from app.main import create_app
from app.settings import Settings
from app.usecases.members import house_is_empty
from app.usecases.setup_code import new_setup_code
from phrasebank.encoding import EncodingError

GRACE_S = 4


class _Server(uvicorn.Server):
    """Ends in good order on SIGINT and SIGTERM, with exit code 0; a second SIGINT ends at once.

    The service is told first, so that open streams do not hold the process up.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        spare_what_stays()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        service = getattr(self.config.loaded_app.app.state, "service", None) if self.config.loaded else None
        if service is not None:
            service.stopping.set()
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 / address to listen on")
@click.option("--port", default=8770, show_default=True, type=click.IntRange(0, 65535), help="端口 / port")
def command(host: str, port: int) -> None:
    """启动服务。设置用环境变量 MIAOHUI_*，见 docs/operations.md / run the service."""
    wait_with_search()
    settings = read_settings()
    configure_logging()
    setup_code = _prepare_database(settings)
    listening = _listen(host, port)
    if setup_code:
        shown_host, shown_port = listening.getsockname()[:2]
        address = f"[{shown_host}]" if ":" in shown_host else shown_host
        say(f"还没有店铺。请用浏览器打开 http://{address}:{shown_port}/first-run 建第一家店。")
        say(f"设置码 / setup code: {setup_code}")
        sys.stdout.flush()
    try:
        app = create_app(settings, setup_code=setup_code)
    except EncodingError as error:
        cannot(str(error))
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=20,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = _Server(config)
    server.run(sockets=[listening])
    if not server.started:
        cannot("服务没有启动，原因见上面的日志 / the service did not start, see the log above")


def _prepare_database(settings: Settings) -> str:
    """Migrate before anything else, so that a database that is not there ends with one clear line.

    Gives the code with which the first shop can be made, if there is none yet.
    """
    try:
        engine = open_engine(settings.resolved_database_url)
        upgrade(engine)
        with Database(engine) as db:
            setup_code = new_setup_code() if house_is_empty(db) else ""
        engine.dispose()
    except (ValueError, OSError, SQLAlchemyError) as error:
        cannot(f"数据库打不开：{one_line(error)} / the database cannot be opened")
    return setup_code


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        # A browser that follows the printed address at once waits for the answer instead of being refused.
        listening.listen()
    except OSError as error:
        cannot(f"不能监听 {host}:{port}：{error.strerror}，请用 --port 换一个 / cannot listen there")
    return listening
