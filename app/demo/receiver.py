"""The demo console's door: it takes Miaohui's signed callbacks and shows each reply once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Show = Callable[[dict[str, Any]], Awaitable[None]]
CALLBACK_PATH = "/callback"
_NEEDED = ("id", "session", "buyer", "text", "sender")


class Receiver:
    """Verifies callbacks of type `reply.send` and hands each new one to `show`, once for each id.

    Answers 204 (shown, or shown before), 401 (signature), 422 (body). `show` runs after the answer, so that the
    sender never waits for the console.
    """

    def __init__(self, secret: str, show: Show) -> None:
        self._webhook = Webhook(secret)
        self._show = show
        self._seen: set[str] = set()
        self._showing: set[asyncio.Task[None]] = set()
        self.app = Starlette(routes=[Route(CALLBACK_PATH, self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        try:
            self._webhook.verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            # A signature without a comma or a body that is not UTF-8 raises a plain ValueError there.
            return JSONResponse({"reason": "signature"}, status_code=401)
        try:
            letter = orjson.loads(body)
        except orjson.JSONDecodeError:
            return JSONResponse({"reason": "not_json"}, status_code=422)
        if not isinstance(letter, dict) or letter.get("type") != "reply.send":
            return JSONResponse({"reason": "unknown_type"}, status_code=422)
        if not all(isinstance(letter.get(name), str) and letter[name] for name in _NEEDED):
            return JSONResponse({"reason": "missing_field"}, status_code=422)
        if letter["id"] not in self._seen:
            self._seen.add(letter["id"])
            task = asyncio.ensure_future(self._show(letter))
            self._showing.add(task)
            task.add_done_callback(self._showing.discard)
        return Response(status_code=204)

    @asynccontextmanager
    async def listen(self, port: int) -> AsyncIterator[int]:
        """Serve on 127.0.0.1 while the context is open; yields the port (of our choice for 0).

        Raises OSError if the port is taken.
        """
        config = uvicorn.Config(
            self.app,
            host="127.0.0.1",
            port=port,
            log_level="critical",
            lifespan="off",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        listening = _bind(port)
        server = _Server(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await asyncio.gather(serving, *self._showing, return_exceptions=True)
            listening.close()


class _Server(uvicorn.Server):
    """Leaves the process's signals to whoever started it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bind(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        # From here on connections queue, so nobody need wait for the server's loop.
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening
