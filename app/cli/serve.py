"""`miaohui serve`: run the service."""

from __future__ import annotations

import signal
from types import FrameType

import click
import uvicorn
from pydantic import ValidationError

from app.cli.log_format import configure_logging
from app.cli.output import cannot
from app.main import create_app
from app.settings import Settings

GRACE_S = 4


class _Server(uvicorn.Server):
    """Ends in good order on SIGINT and SIGTERM, with exit code 0; a second SIGINT ends at once.

    The service is told first, so that open streams do not hold the process up.
    """

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
    try:
        settings = Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = "MIAOHUI_" + "_".join(str(part) for part in fault["loc"]).upper()
        cannot(f"设置 {name} 不对：{fault['msg']} / a setting is wrong")
    configure_logging()
    try:
        app = create_app(settings)
    except ValueError as error:
        cannot(str(error))
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
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
    server.run()
    if not server.started:
        cannot(f"服务没有启动，请看上面的日志；端口 {port} 是否被占用？ / the service did not start")
