"""Pages of made-up consoles, and the options page in front of them. Import only where Playwright is there."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from extension_rig import Browser, until

CONSOLES: Final = Path(__file__).with_name("consoles")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


class ConsolePages:
    """The pages in `consoles/`, on a server of their own."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(CONSOLES)))
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Setup:
    """Somebody who sets a console up in the options page, with the console open in a second tab."""

    def __init__(self, browser: Browser, desk: Any, form: Any = None) -> None:
        self.browser, self.desk = browser, desk
        self.form = form or browser.page("options/console.html")

    def name(self, name: str, address: str) -> None:
        self.form.fill("#name", name)
        self.form.fill("#addresses", address)
        self.form.click("#find-pages")
        self.form.wait_for_selector("#page:not([hidden])")

    def point(self, *spots: tuple[float, float] | None) -> None:
        """Walk through the pointing: a click at each spot of the console's window, None skips a step."""
        self.form.click("#pick-all")
        for number, spot in enumerate(spots, start=1):
            self._asked(f"{number}/")
            if spot is None:
                for key in ("Tab", "Tab", "Enter"):  # past the button that moves the bar
                    self.desk.keyboard.press(key)
            else:
                self.desk.mouse.move(*spot)
                self.desk.mouse.click(*spot)
        self.form.wait_for_selector("#outcome-state")

    def outcome(self) -> str:
        state = self.form.get_attribute("#outcome-state", "data-state")
        assert state is not None
        return str(state)

    def recognised(self) -> list[tuple[str, str]]:
        """Who was read to say what, the last messages in order."""
        rows = self.form.locator("#read-messages tbody tr")
        return [
            (row.get_attribute("data-sender") or "", row.locator("td").nth(1).inner_text())
            for row in rows.all()
        ]

    def found(self) -> dict[str, str]:
        rows = self.form.locator("#found-parts tbody tr").all()
        return {row.get_attribute("data-role") or "": row.get_attribute("data-state") or "" for row in rows}

    def value(self, role: str) -> str:
        return str(self.form.input_value(f"#part-{role}"))

    def save(self) -> str:
        self.form.click("#save")
        note = self.form.locator("#save-note")
        until(note.inner_text, "nothing was said of the saving")
        return str(note.inner_text())

    def _asked(self, start: str) -> None:
        # The bar is in a closed shadow tree, as it must be: it is told by the accessibility tree, which sees through.
        session = self.desk.context.new_cdp_session(self.desk)

        def named() -> bool:
            nodes = session.send("Accessibility.getFullAXTree")["nodes"]
            return any(str(node.get("name", {}).get("value", "")).startswith(start) for node in nodes)

        until(named, f"step {start} was not asked for")
        session.detach()


def centre(locator: Any) -> tuple[float, float]:
    """Where an element is drawn in its window, frames counted in."""
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
