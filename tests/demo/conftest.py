"""The contract's server on a real socket of the loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx2 as httpx
import pytest
import pytest_asyncio
import uvicorn
from contract_server import Contract
from starlette.applications import Starlette
from starlette.routing import Route


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest_asyncio.fixture
async def contract() -> AsyncIterator[Contract]:
    made = Contract()
    app = Starlette(
        routes=[
            Route("/v1/events", made.take, methods=["POST"]),
            Route("/lint", made.lint, methods=["POST"]),
        ]
    )
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    made.port = listening.getsockname()[1]
    server = _Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    yield made
    server.should_exit = True
    await serving
    listening.close()


@pytest_asyncio.fixture
async def client(contract: Contract) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=contract.url, trust_env=False) as made:
        yield made


@pytest.fixture
def told() -> list[str]:
    """What was printed for people."""
    return []
