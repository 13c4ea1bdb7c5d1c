"""An embeddings address on this machine, which answers as it is told."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
Reply = Callable[[dict[str, Any]], Answer]


def vector_of(text: str, dimensions: int = 8) -> list[float]:
    """Some direction that the text alone decides, not of length 1."""
    digest = hashlib.sha256(text.encode()).digest()
    return [byte - 127.5 for byte in digest[:dimensions]]


def good(request: dict[str, Any], same_as: Mapping[str, str] | None = None) -> Answer:
    """Each text's vector; a text in `same_as` means what another one says."""
    meant = [(same_as or {}).get(text, text) for text in request["input"]]
    data = [
        {"object": "embedding", "index": place, "embedding": vector_of(text)}
        for place, text in enumerate(meant)
    ]
    return of({"object": "list", "model": request["model"], "data": data})


def of(body: Any, status: int = 200, **headers: str) -> Answer:
    return (
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps(body).encode(),
    )


@dataclass
class EmbeddingsServer:
    """`replies` are used in turn, then `usual`; `asked` are the bodies and `headers` the headers that came."""

    port: int
    usual: Reply = good
    replies: list[Reply] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def texts(self) -> list[str]:
        return [text for request in self.asked for text in request["input"]]


@contextmanager
def serving() -> Iterator[EmbeddingsServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            here.asked.append({"path": self.path} | request)
            here.headers.append({name.lower(): value for name, value in self.headers.items()})
            status, headers, body = (here.replies.pop(0) if here.replies else here.usual)(request)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = EmbeddingsServer(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
