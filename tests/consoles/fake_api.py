"""A console's API on loopback: notes what it was asked and answers as the test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Answerer = Callable[[Asked], tuple[int, Any] | tuple[int, Any, dict[str, str]]]


class FakeApi:
    """`answer` gives status and JSON for a request (and headers, if it likes)."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Answerer = lambda asked: (200, {})
        here = self

        class Handler(BaseHTTPRequestHandler):
            def _take(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, query, headers, body)
                here.asked.append(asked)
                status, value, *more = here.answer(asked)
                out = json.dumps(value, ensure_ascii=False).encode()
                self.send_response(status)
                for name, header in more[0].items() if more else ():
                    self.send_header(name, header)
                self.send_header("content-length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            def do_GET(self) -> None:
                self._take()

            def do_POST(self) -> None:
                self._take()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def pair(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.pair}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
