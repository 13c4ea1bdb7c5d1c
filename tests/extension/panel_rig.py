"""The panel in a real Chromium, with a worker that the test plays or the extension's own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

EXTENSION: Final = Path(__file__).parents[2] / "extension"
_FAKE_WORKER: Final = """
{
  const listeners = [];
  window.asked = [];
  window.answers = {};
  window.push = (message) => listeners.forEach((listener) => listener(message));
  chrome.runtime.connect = () => ({
    onMessage: { addListener: (listener) => listeners.push(listener) },
    onDisconnect: { addListener: () => {} },
    postMessage: (message) => {
      window.asked.push(message);
      const answer = window.answers[message.type];
      if (!answer) return;
      const like = { session: message.session, query: message.query, id: message.id };
      setTimeout(() => window.push({ ...like, ...answer }), 0);
    },
  });
  chrome.runtime.openOptionsPage = () => window.asked.push({ type: "options" });
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + e.blockedURI));
}
"""


def launch(playwright: Any, folder: Path, chromium: Path, language: str = "zh_CN") -> Any:
    """A browser with the extension in it, in the one language: Debian's Chromium speaks English, so the others are left out."""
    extension = folder / "extension"
    shutil.copytree(EXTENSION, extension)
    for other in (extension / "_locales").iterdir():
        if other.name != language:
            shutil.rmtree(other)
    manifest = json.loads((extension / "manifest.json").read_text())
    (extension / "manifest.json").write_text(json.dumps(manifest | {"default_locale": language}))
    return playwright.chromium.launch_persistent_context(
        str(folder / "profile"),
        executable_path=str(chromium),
        headless=True,
        locale=language.replace("_", "-"),
        ignore_default_args=["--disable-extensions"],
        args=[f"--disable-extensions-except={extension}", f"--load-extension={extension}"],
    )


def extension_id(context: Any) -> str:
    workers = context.service_workers
    worker = workers[0] if workers else context.wait_for_event("serviceworker")
    name: str = worker.url.split("/")[2]
    return name


@dataclass
class Panel:
    """The panel's page with a worker that the test plays: `push` tells it something, `asked` is what it asked."""

    page: Any
    trouble: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, context: Any, size: tuple[int, int] = (360, 900), scheme: str = "light") -> Panel:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        panel = cls(page)
        page.on("pageerror", lambda error: panel.trouble.append(str(error)))
        page.on("console", panel._heard)
        page.add_init_script(_FAKE_WORKER)
        page.goto(f"chrome-extension://{extension_id(context)}/panel/panel.html")
        return panel

    def answers(self, kind: str, **answer: Any) -> None:
        """What the worker answers to every message of this type from now on."""
        reply = {"read": "conversation", "search": "found", "insert": "inserted", "judge": "judged"}[kind]
        self.page.evaluate(
            "([kind, answer]) => { window.answers[kind] = answer; }", [kind, {"type": reply} | answer]
        )

    def push(self, message: dict[str, Any]) -> None:
        self.page.evaluate("(message) => window.push(message)", message)

    def asked(self, kind: str) -> list[dict[str, Any]]:
        found = self.page.evaluate("(kind) => window.asked.filter((each) => each.type === kind)", kind)
        assert isinstance(found, list)
        return found

    def axe(self, source: str) -> list[str]:
        """The violations that axe finds."""
        self.page.evaluate(source)
        found = self.page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{each['id']}: {json.dumps([node['html'] for node in each['nodes']], ensure_ascii=False)}"
            for each in found
        ]

    def close(self) -> None:
        violations = self.page.evaluate("() => window.violations")
        self.page.close()
        assert self.trouble == []
        assert violations == []

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.trouble.append(message.text)
