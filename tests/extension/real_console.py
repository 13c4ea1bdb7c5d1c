"""A chat console that nobody here wrote, on loopback: ejabberd with converse.js, from ../shared. Import only in tests."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest

SCRIPT: Final = Path(__file__).resolve().parents[3] / "shared" / "tools" / "console_ejabberd_up.sh"
CHAT: Final = "http://localhost:5280/chat#converse/chat?jid={}@localhost"
API: Final = "http://127.0.0.1:5280/api/{}"
BOX: Final = "textarea.chat-textarea"


class RealConsole:
    """ejabberd with the account `agent`, and a buyer. `logged` is what its server was sent, as it reports it itself."""

    def __init__(self, logged: list[tuple[str, str]]) -> None:
        self.logged = logged
        self.buyer = "buyer"
        self._buyers = 1

    def another_buyer(self) -> None:
        """From now on it is a buyer without a history; what was logged of the one before is forgotten."""
        self._buyers += 1
        self.buyer = f"buyer{self._buyers}"
        self.logged.clear()
        known = {"user": self.buyer, "host": "localhost"}
        _call("register", known | {"password": "pw_buyer"})
        shown = {"nick": "买家小王", "group": "买家", "subs": "both"}
        _call("add_rosteritem", {"localuser": "agent", "localhost": "localhost"} | known | shown)

    def buyer_says(self, text: str) -> None:
        sent = {"type": "chat", "from": f"{self.buyer}@localhost", "to": "agent@localhost"}
        _call("send_message", sent | {"subject": "", "body": text})

    def sign_in(self, context: Any) -> Any:
        """A page on which the agent has the buyer's conversation open."""
        page = context.new_page()
        page.goto(CHAT.format(self.buyer))
        page.fill("input[name=jid]", "agent@localhost")
        page.fill("input[name=password]", "pw_agent")
        page.keyboard.press("Enter")
        page.wait_for_selector(BOX)
        page.wait_for_selector(f"converse-chat[jid='{self.buyer}@localhost']", state="attached")
        return page

    def agent_said(self) -> list[str]:
        return [text for sender, text in self.logged if sender.startswith("agent@")]


def _call(command: str, arguments: dict[str, str]) -> None:
    request = urllib.request.Request(
        API.format(command), json.dumps(arguments).encode(), headers={"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).close()


@contextlib.contextmanager
def real_console() -> Iterator[RealConsole]:
    """Set it up and take it down; skips with a message where that cannot be done."""
    if not SCRIPT.is_file():
        pytest.skip("../shared is not here: no real console to test on")
    if os.geteuid() != 0 or shutil.which("ejabberdctl") is None or shutil.which("npm") is None:
        pytest.skip("a real console needs root, Debian's ejabberd and ejabberd-mod-post-log, and npm")
    with (Path(tempfile.gettempdir()) / "miaohui-console-5280.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # tests that run beside these want the same port
        yield from _console()


def _console() -> Iterator[RealConsole]:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 5280)) == 0:
            pytest.skip("port 5280 is taken: another console runs here")
    logged: list[tuple[str, str]] = []
    hook = _hook(logged)
    # ejabberd runs as its own user, who may not enter the folders of pytest.
    folder = Path(tempfile.mkdtemp(prefix="miaohui-console-"))
    folder.chmod(0o755)
    control = _control(folder)
    try:
        address = f"http://127.0.0.1:{hook.server_port}/"
        made = subprocess.run(
            ["bash", str(SCRIPT), str(folder), address],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if made.returncode != 0:
            pytest.skip(f"the real console did not come up: {(made.stdout + made.stderr).strip()[-300:]}")
        yield RealConsole(logged)
    finally:
        subprocess.run([*control, "stop"], capture_output=True, timeout=30, check=False)
        subprocess.run([*control, "stopped"], capture_output=True, timeout=30, check=False)
        # The port mapper that came with it; it stays where another node needs it.
        subprocess.run(["epmd", "-kill"], capture_output=True, timeout=30, check=False)
        hook.shutdown()
        hook.server_close()
        shutil.rmtree(folder, ignore_errors=True)


def _control(folder: Path) -> list[str]:
    conf = folder / "conf"
    return [
        *("ejabberdctl", "--config-dir", str(conf), "--config", str(conf / "ejabberd.yml")),
        *("--ctl-config", str(conf / "ejabberdctl.cfg"), "--spool", str(folder / "spool")),
        *("--logs", str(folder / "log"), "--node", "ejabberd@localhost"),
    ]


def _hook(logged: list[tuple[str, str]]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            stanza = ElementTree.fromstring(self.rfile.read(int(self.headers["content-length"])))
            body = next((each.text for each in stanza.iter() if each.tag.endswith("body")), None)
            if body:
                logged.append((self.headers["x-message-from"], body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
