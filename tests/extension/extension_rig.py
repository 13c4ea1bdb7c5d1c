"""Chromium with the extension, the service, and a small chat console. Import only where Playwright is there."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import uvicorn
from sqlmodel import Session as Database
from sqlmodel import select, text

from app.db.tables import EventRow
from app.main import create_app
from app.settings import Settings
from app.usecases.administration import add_key, add_shop, signing_secrets
from app.usecases.knowledge import Knowledge

CHROMIUM: Final = Path("/usr/bin/chromium")
EXTENSION: Final = Path(__file__).resolve().parents[2] / "extension"
DESK: Final = Path(__file__).with_name("desk.html")
AGENT: Final = {"id": "xiaozhou", "name": "小周"}
PATIENCE_S: Final = 20.0


def until(holds: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """What `holds` gives as soon as it is true; fails with `what` when it never is."""
    end = time.monotonic() + patience_s
    while not (value := holds()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return value


class Desk:
    """The console of `desk.html`. `sent` is what its server was sent, in order."""

    def __init__(self) -> None:
        sent: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(DESK.read_bytes())

            def do_POST(self) -> None:
                sent.append(self.rfile.read(int(self.headers["content-length"])).decode())
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.sent = sent
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def definition(self, box: str = "textarea", *, ids: bool = True, times: str = "exact") -> dict[str, Any]:
        """How the extension reads it, as the shop's own console."""
        within = ".foot >>> " if box in {"shadow", "closed"} else ""
        selectors: dict[str, Any] = {
            "conversation_list": {"css": "nav"},
            "conversation_item": {"css": "nav .talk"},
            "conversation_open": {"css": "nav .talk.open"},
            "buyer_id": {"css": "h1"},
            "buyer_name": {"css": "h1"},
            "message_list": {"css": "ol"},
            "message": {"css": "ol li"},
            "message_text": {"css": "p"},
            "composer": {"css": f"{within}.box"},
            "send_button": {"css": f"{within}.send"},
        }
        if ids:
            selectors["message_id"] = {"css": ":scope", "attribute": "data-id"}
        if times != "none":
            selectors["message_time"] = {"css": "time"}
        return {
            "format": 1,
            "id": "desk",
            "name": "客服台",
            "status": "own",
            "matches": [f"{self.address}/*"],
            "selectors": selectors,
            "who": [{"sender": "agent", "css": ".mine"}, {"sender": "buyer", "css": ".theirs"}],
            "send_key": "Enter",
        }


class ShopService:
    """The service on one port for its whole life, though it may be down for a while."""

    def __init__(self, database_url: str, knowledge: Knowledge) -> None:
        self._url, self._knowledge = database_url, knowledge
        self._shops = 0
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        self.up()

    def up(self) -> None:
        settings = Settings(_env_file=None, database_url=self._url, workers_run_jobs=False)  # type: ignore[call-arg]
        app = create_app(settings, knowledge=self._knowledge)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self._port, log_level="error", ws="none", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until(lambda: self._server.started or not self._thread.is_alive(), "the service does not start")
        assert self._thread.is_alive()
        self.service = app.state.service

    def down(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()

    def shop(self) -> Shop:
        """A new shop with what an extension is paired with."""
        self._shops += 1
        shop_id = f"shop-{self._shops}"

        def found(db: Database) -> tuple[str, str]:
            now = datetime.now(UTC)
            add_shop(db, self._knowledge, now, shop_id=shop_id, name="暖木生活馆", platform="kuaishou")
            key = add_key(db, shop_id, now, label="扩展", scopes=("events", "lint", "read"))
            return key, signing_secrets(db, shop_id)[0]

        key, secret = self.service.writer.submit(found).result(20)
        return Shop(self, shop_id, key, secret)


@dataclass
class Shop:
    service: ShopService
    id: str
    key: str
    secret: str

    def events(self, kind: str = "message") -> list[dict[str, Any]]:
        """Its events of a type, in the order in which they were stored."""

        def query(db: Database) -> list[dict[str, Any]]:
            rows = db.exec(select(EventRow).where(EventRow.shop_id == self.id).order_by(text("rowid")))
            return [row.body for row in rows if row.body["type"] == kind]

        return self.service.service.writer.submit(query).result(20)

    def said(self) -> list[tuple[str, str]]:
        """Who said what, in the order in which it was stored."""
        return [(event["sender"], event["text"]) for event in self.events()]


@dataclass
class Browser:
    """Chromium with the extension loaded from a copy that has the permissions for which people are asked otherwise."""

    playwright: Any
    folder: Path
    trouble: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.extension = self.folder / "extension"
        if not self.extension.exists():
            shutil.copytree(EXTENSION, self.extension)
            # Debian's Chromium speaks English only; without that, the extension speaks as it does in the shops.
            shutil.rmtree(self.extension / "_locales" / "en")
            manifest = json.loads((self.extension / "manifest.json").read_text())
            manifest["host_permissions"] = manifest.pop("optional_host_permissions")
            (self.extension / "manifest.json").write_text(json.dumps(manifest))
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.folder / "profile"),
            executable_path=str(CHROMIUM),
            headless=True,
            locale="zh-CN",
            ignore_default_args=["--disable-extensions"],
            args=[
                "--lang=zh-CN",
                f"--disable-extensions-except={self.extension}",
                f"--load-extension={self.extension}",
            ],
        )
        self.context.set_default_timeout(PATIENCE_S * 1000)
        self.id = self.worker().url.split("/")[2]

    def close(self) -> None:
        self.context.close()

    def worker(self) -> Any:
        """The service worker as it runs now."""
        workers = self.context.service_workers
        return workers[-1] if workers else self.context.wait_for_event("serviceworker")

    def page(self, path: str = "") -> Any:
        """A page of the extension, without a console to be read."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.goto(f"chrome-extension://{self.id}/{path or 'options/options.html'}")
        return page

    def pair(self, shop: Shop, *definitions: dict[str, Any], **changes: Any) -> None:
        """Pair with the shop and switch the consoles on; returns when their pages would be read."""
        settings = {
            "server": shop.service.address,
            "shop": shop.id,
            "key": shop.key,
            "secret": shop.secret,
            "agent": AGENT,
            "consoles": {each["id"]: {"on": True} for each in definitions},
            "own_consoles": [each for each in definitions if each["status"] == "own"],
            **changes,
        }
        page = self.page()
        page.evaluate("(settings) => chrome.storage.local.set({ settings })", settings)
        wanted = {f"console-{each['id']}" for each in definitions}
        registered = (
            "() => chrome.scripting.getRegisteredContentScripts().then((all) => all.map(({ id }) => id))"
        )
        until(lambda: wanted <= set(page.evaluate(registered)), "the consoles were not registered")
        page.close()

    def kill_worker(self) -> None:
        """End the service worker as the browser does when it idles."""
        session = self.context.browser.new_browser_cdp_session() if self.context.browser else None
        if session is None:
            page = self.context.pages[0]
            session = self.context.new_cdp_session(page)
        targets = session.send("Target.getTargets")["targetInfos"]
        [target] = [each for each in targets if each["type"] == "service_worker" and self.id in each["url"]]
        session.send("Target.closeTarget", {"targetId": target["targetId"]})
        session.detach()
