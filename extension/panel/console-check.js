/** Says which consoles no longer match their definitions, as the self-check on their pages told the worker. */

import { consolesOf } from "../consoles/catalog.js";
import { onSettings, readSettings } from "../shared/settings.js";
import { shortLanguage } from "../shared/words.js";
import { el } from "./dom.js";
import { t } from "./words.js";

const place = document.getElementById("console-check");

async function show() {
  const settings = await readSettings();
  const { checks = {} } = await chrome.storage.session.get("checks");
  const language = shortLanguage(settings.language);
  const broken = (await consolesOf(settings)).filter(({ id, on }) => on && checks[id]?.results.problems?.length > 0);
  place.replaceChildren(...broken.map(({ id, definition }) => notice(id, String(definition.name), checks[id].results.problems.map((problem) => problem[language]))));
}

function notice(id, name, problems) {
  const mend = () => chrome.tabs.create({ url: chrome.runtime.getURL(`options/console.html?id=${encodeURIComponent(id)}`) });
  return el(
    "div",
    { class: "notice bad" },
    el("p", {}, el("strong", { text: t("console_changed", name) }), el("span", { text: ` ${problems.join("；")}` })),
    el("button", { class: "act", type: "button", text: t("console_mend"), on: { click: mend } }),
  );
}

onSettings(show);
chrome.storage.session.onChanged.addListener((changes) => {
  if ("checks" in changes) show();
});
show();
