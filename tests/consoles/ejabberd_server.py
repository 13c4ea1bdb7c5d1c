"""An ejabberd of our own on loopback (Debian's package), for the time of a test."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

CONTROL = shutil.which("ejabberdctl")
_EPMD_PORT = 4369
_CONFIG = """
hosts: [localhost]
loglevel: 3
certfiles: []
listen:
  - {{port: {port}, ip: "127.0.0.1", module: ejabberd_http, request_handlers: {{/api: mod_http_api}}}}
acl: {{local: {{user_regexp: ""}}}}
access_rules: {{local: {{allow: local}}}}
api_permissions:
  test: {{from: [mod_http_api], who: {{ip: 127.0.0.1/8}}, what: [send_message, send_stanza, register, status]}}
auth_method: [internal]
modules:
  mod_post_log: {{url: "{hook}"}}
  mod_http_api: {{}}
  mod_admin_extra: {{}}
  mod_offline: {{}}
"""
_CONTROL = """
ERL_OPTIONS="-env ERL_CRASH_DUMP_BYTES 0"
EJABBERD_PID_PATH={folder}/spool/ejabberd.pid
INET_DIST_INTERFACE=127.0.0.1
ERL_EPMD_ADDRESS=127.0.0.1
"""


class EjabberdServer:
    """Runs as the user `ejabberd`, so it has to be started by root. `hook` is where mod_post_log reports to."""

    def __init__(self, hook: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._folder = Path(tempfile.mkdtemp(prefix="miaohui-ejabberd-"))
        for part in ("conf", "spool", "log"):
            (self._folder / part).mkdir()
        conf = self._folder / "conf"
        (conf / "ejabberd.yml").write_text(_CONFIG.format(port=self.port, hook=hook))
        (conf / "ejabberdctl.cfg").write_text(_CONTROL.format(folder=self._folder))
        shutil.copy("/etc/ejabberd/inetrc", conf)
        subprocess.run(["chown", "-R", "ejabberd", str(self._folder)], check=True)
        self._epmd_was_there = _listens(_EPMD_PORT)
        self._control("start")
        until = time.monotonic() + 60
        while not _listens(self.port):
            assert time.monotonic() < until, "ejabberd did not start"
            time.sleep(0.1)
        for user in ("buyer", "buyer2", "agent"):
            self.call("register", user=user, host="localhost", password=f"pw_{user}")

    @property
    def pair(self) -> str:
        return f"127.0.0.1:{self.port}"

    def call(self, command: str, **arguments: str) -> object:
        request = urllib.request.Request(
            f"http://{self.pair}/api/{command}",
            json.dumps(arguments).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def say(self, speaker: str, hearer: str, text: str) -> None:
        """As if it were typed in a client."""
        ends = {"from": f"{speaker}@localhost", "to": f"{hearer}@localhost"}
        self.call("send_message", type="chat", subject="", body=text, **ends)

    def close(self) -> None:
        self._control("stop")
        # Until the node is gone: a port mapper with a living node does not let itself be ended.
        self._control("stopped")
        if not self._epmd_was_there:
            subprocess.run(["epmd", "-kill"], check=False, capture_output=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _control(self, command: str) -> None:
        assert CONTROL is not None
        folder = self._folder
        places = {
            "--config-dir": folder / "conf",
            "--config": folder / "conf" / "ejabberd.yml",
            "--ctl-config": folder / "conf" / "ejabberdctl.cfg",
            "--spool": folder / "spool",
            "--logs": folder / "log",
            "--node": f"miaohui{self.port}@localhost",
        }
        named = [str(word) for place in places.items() for word in place]
        environment = os.environ | {"ERL_EPMD_ADDRESS": "127.0.0.1"}
        subprocess.run([CONTROL, *named, command], check=True, env=environment, capture_output=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
