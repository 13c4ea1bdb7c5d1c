"""The power goes: what was committed is on the disk, since every commit is synced.

Killing a process does not test that, for the system keeps what it wrote. Here SQLite writes through a file system of the
test (a VFS of apsw) that knows of each file what would be left if the power went now: what was synced, and nothing after it. The
service itself uses Python's own sqlite3, whose files cannot be watched so; it is bound by its settings of a connection,
which the test takes from the service and gives to apsw.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import apsw
import pytest
from conftest_service import Running
from sqlalchemy import text

from app.db.engine import _prepare_sqlite, open_engine

COMMITS = 40


class Disk:
    """What would be left of each file."""

    def __init__(self) -> None:
        self.synced: dict[str, bytearray] = {}
        self.waiting: dict[str, list[tuple[int, bytes | None]]] = {}

    def write(self, name: str, offset: int, data: bytes | None) -> None:
        """Data at an offset; None cuts the file off there."""
        self.waiting.setdefault(name, []).append((offset, data))

    def sync(self, name: str) -> None:
        content = self.synced.setdefault(name, bytearray())
        for offset, data in self.waiting.pop(name, []):
            if data is None:
                del content[offset:]
                continue
            content.extend(bytes(max(0, offset - len(content))))
            content[offset : offset + len(data)] = data

    def delete(self, name: str) -> None:
        self.synced.pop(name, None)
        self.waiting.pop(name, None)

    def after_power_loss(self, folder: Path) -> Path:
        """The files as they would be found; the path of the database."""
        folder.mkdir()
        for name, content in self.synced.items():
            (folder / Path(name).name).write_bytes(content)
        return folder / "miaohui.db"


class Watched(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        self._disk = disk
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> WatchedFile:
        return WatchedFile(self._disk, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        self._disk.delete(name)
        super().xDelete(name, sync)


class WatchedFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._disk.write(self._name, offset, bytes(data))

    def xTruncate(self, size: int) -> None:
        super().xTruncate(size)
        self._disk.write(self._name, size, None)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._disk.sync(self._name)


class Connection(apsw.Connection):
    """Takes the settings that the service gives to its own connections."""

    isolation_level: str | None = None


def commits_left(folder: Path, synchronous: str | None = None) -> list[int]:
    """How many of so many acknowledged commits are there if the power goes after each."""
    disk = Disk()
    name = f"watched-{synchronous}"
    vfs = Watched(name, disk)
    connection = Connection(str(folder / "miaohui.db"), vfs=name)
    # Files of Python have no shared memory, without which WAL needs the file for itself.
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    _prepare_sqlite(connection, None)  # type: ignore[arg-type]
    if synchronous is not None:
        connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY)")
    left = []
    for number in range(1, COMMITS + 1):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO event VALUES (?)", (number,))
        connection.execute("COMMIT")
        found = sqlite3.connect(disk.after_power_loss(folder / f"after-{number}"))
        try:
            assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            left.append(found.execute("SELECT count(*) FROM event").fetchone()[0])
        except sqlite3.OperationalError:
            left.append(0)
        finally:
            found.close()
    connection.close()
    vfs.unregister()
    return left


def test_with_the_service_s_settings_no_acknowledged_commit_is_lost(tmp_path: Path) -> None:
    assert commits_left(tmp_path) == list(range(1, COMMITS + 1))


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_watched_disk_shows_the_loss_of_any_weaker_setting(tmp_path: Path, synchronous: str) -> None:
    assert commits_left(tmp_path, synchronous)[-1] < COMMITS


def test_every_connection_of_the_service_syncs_every_commit(on_sqlite: Running) -> None:
    service = on_sqlite.service
    asked = "PRAGMA synchronous", "PRAGMA journal_mode"
    of_writer = [
        service.writer.submit(lambda db, q=question: db.execute(text(q)).scalar_one()).result(10)
        for question in asked
    ]
    assert of_writer == [2, "wal"]
    connections = [service.engine.connect() for _ in range(12)]
    for connection in connections:
        assert [connection.exec_driver_sql(question).scalar_one() for question in asked] == [2, "wal"]
        connection.close()


def test_a_connection_that_is_opened_later_does_so_too(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    for _ in range(3):
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        engine.dispose()
