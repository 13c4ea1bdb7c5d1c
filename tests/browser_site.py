"""The running service and a real Chromium in front of it, for tests of pages. Import only where Playwright is there."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
import uvicorn
from sqlmodel import Session as Database

from app.main import create_app
from app.settings import Settings
from app.usecases.administration import add_key, add_shop, principal_of_key
from app.usecases.knowledge import Knowledge
from app.usecases.web_sessions import open_web_session
from app.web.auth import COOKIE

CHROMIUM: Final = Path("/usr/bin/chromium")
AXE: Final = Path(__file__).parent / "dashboard" / "vendor" / "axe.min.js"
DESKTOP, PHONE = (1440, 900), (390, 844)
MARKS: Final = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium at /usr/bin/chromium"),
]
WATCH: Final = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""
"""What a page runs first, so that it remembers the violations of its content security policy."""


@dataclass
class BrowserSite:
    """The running service with the shop `demo`, and whoever looks at it."""

    address: str
    service: Any
    browser: Any
    trouble: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def desk(
        self, label: str = "小周", size: tuple[int, int] = DESKTOP, scopes: tuple[str, ...] | None = None
    ) -> Any:
        """A page of somebody who is signed in. Script errors, foreign requests and violations fail the test."""

        def sign_in(db: Database) -> str:
            now = datetime.now(UTC)
            more = {} if scopes is None else {"scopes": scopes}
            principal = principal_of_key(db, add_key(db, "demo", now, label=label, **more))
            assert principal is not None
            return open_web_session(db, principal, now)

        token = self.service.writer.submit(sign_in).result(20)
        page = self.visitor(size)
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": self.address}])
        return page

    def visitor(self, size: tuple[int, int] = DESKTOP) -> Any:
        """A page of somebody who is not signed in."""
        context = self.browser.new_context(
            locale="zh-CN", viewport={"width": size[0], "height": size[1]}, accept_downloads=True
        )
        context.add_init_script(WATCH)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.on("console", self._heard)
        page.on("request", lambda request: self._asked(request.url))
        return page

    def close(self) -> list[str]:
        """Close every page; the violations of the content security policy that they saw."""
        seen = [
            violation
            for context in self.contexts
            for page in context.pages
            for violation in page.evaluate("() => window.violations ?? []")
        ]
        for context in self.contexts:
            context.close()
        return seen

    def _heard(self, message: Any) -> None:
        # What the server refuses on purpose (409, 422) is told by Chromium, too, and is no error of the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.trouble.append(message.text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.trouble.append(f"foreign request: {url}")


Site = TypeVar("Site", bound=BrowserSite)


@contextlib.contextmanager
def listening(app: Any, **config: Any) -> Iterator[str]:
    """Serve an application at a free port of this machine; its address."""
    place = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1, **config)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{place.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    place.close()


@contextlib.contextmanager
def serving(
    database_url: str,
    knowledge: Knowledge,
    browser: Any,
    kind: Callable[[str, Any, Any], Site],
    *,
    shop: bool = True,
) -> Iterator[Site]:
    """Serve a database, with the shop `demo` unless said otherwise.

    At the end no page may have met an error, a foreign request or a violation.
    """
    settings = Settings(_env_file=None, database_url=database_url, workers_run_jobs=False)  # type: ignore[call-arg]
    app = create_app(settings, knowledge=knowledge)
    with listening(app) as address:
        service = app.state.service
        if shop:
            service.writer.submit(
                lambda db: add_shop(
                    db, knowledge, datetime.now(UTC), shop_id="demo", name="暖木生活馆", platform="kuaishou"
                )
            ).result(20)
        site = kind(address, service, browser)
        yield site
        violations = site.close()
    assert site.trouble == []
    assert violations == []
