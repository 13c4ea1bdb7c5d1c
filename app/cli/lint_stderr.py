"""What `miaohui lint` says on stderr: complaints, and how far it has come."""

from __future__ import annotations

import sys
import time
from typing import Final

_AFTER_S: Final = 0.5  # a run that ends sooner shows nothing
_EVERY_S: Final = 0.1
_LINE_EVERY_S: Final = 1.0


class Voice:
    """Complaints go out at once. Progress is one line that is written over on a terminal, else a line a second."""

    def __init__(self, progress: bool | None, total: int | None = None) -> None:
        self._terminal = sys.stderr.isatty()
        self._wanted = self._terminal if progress is None else progress
        self._forced = bool(progress)
        self._total = total
        self._began = self._said = time.monotonic()
        self._shown = False
        self._files = self._texts = 0
        self._shares_screen = self._terminal and sys.stdout.isatty()

    def complain(self, message: str) -> None:
        """One clear line about something that could not be done."""
        self.hide()
        self._write(f"miaohui: {' '.join(message.split())}\n")

    def tell(self, message: str) -> None:
        """One line about something that was done."""
        self.hide()
        self._write(f"{message}\n")

    def expect(self, files: int) -> None:
        """How many files there will be."""
        self._total = files

    def file_done(self) -> None:
        self._files += 1
        self._tick()

    def text_done(self) -> None:
        self._texts += 1
        if not self._texts & 63:
            self._tick()

    def hide(self) -> None:
        """Take the line of progress away, before something else is written to the same screen."""
        if self._shown:
            self._write("\r\x1b[2K")
            self._shown = False

    def make_way(self) -> None:
        """Before a line for people goes to stdout."""
        if self._shares_screen:
            self.hide()

    def done(self) -> None:
        self.hide()
        if self._forced:
            took = time.monotonic() - self._began
            self._write(f"{self._state()}，用时 {took:.1f} 秒 / done in {took:.1f} s\n")

    def _tick(self) -> None:
        if not self._wanted:
            return
        now = time.monotonic()
        if now - self._began < _AFTER_S:
            return
        if now - self._said < (_EVERY_S if self._terminal else _LINE_EVERY_S):
            return
        self._said = now
        if self._terminal:
            self._write(f"\r\x1b[2K{self._state()}")
            self._shown = True
        else:
            self._write(f"{self._state()}\n")

    def _state(self) -> str:
        files = f"{self._files}/{self._total}" if self._total is not None else f"{self._files}"
        return f"已查 {files} 个文件、{self._texts} 条 / {files} files, {self._texts} texts"

    @staticmethod
    def _write(text: str) -> None:
        try:
            sys.stderr.buffer.write(text.encode("utf-8", "replace"))
            sys.stderr.flush()
        except BrokenPipeError:
            pass
