/** Which pages the content scripts run on: consoles that are switched on, on sites that the shop granted. */

import { readSettings } from "../shared/settings.js";
import { definitionsOf } from "./definitions.js";

export const CONTENT_SCRIPTS = ["content/loader.js"];
export const CONTENT_STYLES = ["content/lint-bar.css"];

/** Register the scripts anew for what is switched on and granted now. Resolves to the address patterns of those pages. */
export function registerSites() {
  return navigator.locks.request("sites", register);
}

async function register() {
  const wanted = [];
  const settings = await readSettings();
  for (const definition of await definitionsOf(settings)) {
    if (!settings.consoles[definition.id]?.on) continue;
    const matches = [];
    for (const match of definition.matches) {
      if (await chrome.permissions.contains({ origins: [match] })) matches.push(match);
    }
    if (matches.length === 0) continue;
    wanted.push({
      id: `console-${definition.id}`,
      matches,
      js: CONTENT_SCRIPTS,
      css: CONTENT_STYLES,
      allFrames: true,
      runAt: "document_idle",
      persistAcrossSessions: true,
    });
  }
  await chrome.scripting.unregisterContentScripts();
  if (wanted.length > 0) await chrome.scripting.registerContentScripts(wanted);
  return wanted.flatMap(({ matches }) => matches);
}
