"""The bar at the box as a person sees it: its shadow tree is closed to the page, so the tests look in by the debugger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

PATIENCE_S: Final = 15.0


class ClosedBar:
    """What the bar says, and its buttons."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._debugger = page.context.new_cdp_session(page)

    def text(self) -> str:
        """Everything that it says; empty where there is no bar."""
        return str(self._of_bar("function () { return this.hidden ? '' : this.innerText; }") or "")

    def says(self, *words: str) -> str:
        """Wait until it says all of these; what it says then."""
        return self._until(
            self.text, lambda text: all(word in text for word in words), f"it never said {words}"
        )

    def is_gone(self) -> None:
        """Wait until there is none."""
        self._until(self.text, lambda text: text == "", "it is still there")

    def click(self, words: str) -> None:
        """Click the button that says so, as a person does."""
        script = """function (words) {
          const button = [...this.querySelectorAll('button')].find((each) => each.innerText.includes(words));
          const { left, top, width, height } = button.getBoundingClientRect();
          return [left + width / 2, top + height / 2];
        }"""
        self.says(words)
        left, top = self._of_bar(script, words)
        self._page.mouse.click(left, top)

    def rect(self) -> dict[str, float]:
        found = self._of_bar("function () { return this.getBoundingClientRect().toJSON(); }")
        assert isinstance(found, dict)
        return found

    def lines(self) -> list[str]:
        """The words that are underlined over a field."""
        script = "function () { return [...this.getRootNode().querySelectorAll('.mark')].map((each) => each.textContent); }"
        found = self._of_bar(script)
        return list(found or [])

    def line_rect(self) -> dict[str, float]:
        """Where the first of these lines is."""
        found = self._of_bar(
            "function () { return this.getRootNode().querySelector('.mark').getBoundingClientRect().toJSON(); }"
        )
        assert isinstance(found, dict)
        return found

    def _of_bar(self, function: str, *arguments: Any) -> Any:
        node = self._node()
        if node is None:
            return None
        held = self._debugger.send("DOM.resolveNode", {"backendNodeId": node})
        answer = self._debugger.send(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": function,
                "objectId": held["object"]["objectId"],
                "arguments": [{"value": each} for each in arguments],
                "returnByValue": True,
            },
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def _node(self) -> int | None:
        root = self._debugger.send("DOM.getDocument", {"depth": -1, "pierce": True})["root"]
        for node in _nodes(root):
            attributes = node.get("attributes", [])
            if "role" in attributes and "region" in attributes and node.get("nodeName") == "DIV":
                found = node["backendNodeId"]
                assert isinstance(found, int)
                return found
        return None

    def _until(self, look: Callable[[], str], good: Callable[[str], bool], what: str) -> str:
        end = time.monotonic() + PATIENCE_S
        while not good(seen := look()):
            assert time.monotonic() < end, f"{what}; it said {seen!r}"
            time.sleep(0.05)
        return seen


def _nodes(node: dict[str, Any], inside: bool = False) -> Iterator[dict[str, Any]]:
    """Those in shadow trees."""
    inside = inside or node.get("shadowRootType") in {"closed", "open"}
    if inside:
        yield node
    for child in (*node.get("children", []), *node.get("shadowRoots", [])):
        yield from _nodes(child, inside)
