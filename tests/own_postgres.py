"""A PostgreSQL cluster of our own, for the time of the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg
import pytest

PG_BIN = Path("/usr/lib/postgresql/15/bin")
_names = count(1)


class PostgresCluster:
    """A PostgreSQL 15 cluster of our own in a temporary folder, on loopback."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="miaohui-pg-"))
        self._as_postgres: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
            self._as_postgres = ["runuser", "-u", "postgres", "--"]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._data = str(self._folder / "data")
        self.conninfo = f"postgres@127.0.0.1:{self._port}"
        """Without a database name."""
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.start()

    def start(self) -> None:
        options = (
            f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
            " -c max_connections=200"
        )
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def crash(self) -> None:
        """End it as a crash would: nothing is flushed, and the next start recovers."""
        self._run("pg_ctl", "-m", "immediate", "stop")

    def close(self) -> None:
        self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_postgres, str(PG_BIN / program), "-D", self._data, *arguments]
        subprocess.run(command, check=True, cwd=self._folder, stdout=subprocess.DEVNULL)


def new_cluster() -> PostgresCluster:
    if not (PG_BIN / "initdb").exists():
        pytest.skip(f"PostgreSQL 15 is not installed ({PG_BIN}): its half of the tests is left out")
    return PostgresCluster()


def new_postgres_database(cluster: str) -> str:
    name = f"test_{os.getpid()}_{next(_names)}"
    with psycopg.connect(f"postgresql://{cluster}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql+psycopg://{cluster}/{name}"
