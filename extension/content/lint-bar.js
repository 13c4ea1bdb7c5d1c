/** What the guard found, shown at the head of the page. Everything that comes from outside is text, never markup. */

const OFF = { reloaded: "core_off_reloaded", down: "core_off_down", slow: "core_off_down", refused: "core_off_refused", unpaired: "core_off_unpaired" };

/** The bar that `Guard` speaks to. `guard` has `sendAnyway(reason)` and `recheck()`. */
export function createLintBar(guard) {
  const host = document.createElement("div");
  host.dataset.miaohui = "bar";
  const line = host.attachShadow({ mode: "open" }).appendChild(document.createElement("div"));
  line.setAttribute("role", "status");
  line.style.cssText = "position:fixed;inset:0 0 auto 0;z-index:2147483647;padding:8px 14px;font:14px/1.5 system-ui;background:#fde8e8;color:#7a1212";

  function say(kind, text, button) {
    host.dataset.kind = kind;
    line.replaceChildren(document.createTextNode(text), ...(button ? [button] : []));
    if (!host.isConnected) document.documentElement.append(host);
  }

  return {
    show(verdict) {
      if (verdict.findings.length === 0) this.clear();
      else say("found", words(verdict));
    },
    stopped(verdict) {
      const button = document.createElement("button");
      button.textContent = chrome.i18n.getMessage("core_send_anyway");
      button.addEventListener("click", () => guard.sendAnyway());
      say("stopped", words(verdict), button);
    },
    off: (why) => say("off", TEXTS[OFF[why] ?? OFF.down]),
    on: () => host.dataset.kind === "off" && host.remove(),
    again: () => say("again", TEXTS.core_again),
    clear: () => host.remove(),
  };
}

// Read while the extension is there: an orphaned script can no longer ask for them.
const TEXTS = Object.fromEntries([...Object.values(OFF), "core_again"].map((name) => [name, chrome.i18n.getMessage(name)]));

function words({ findings }) {
  return findings.map(({ message, match }) => `${match ?? ""} ${message}`).join("；");
}
