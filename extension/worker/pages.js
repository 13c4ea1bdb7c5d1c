/** The consoles that are open in tabs: who they are, and what is said to them. */

import { change, get } from "./state.js";

/** What a content script needs to know, and no more: no key, no secret. */
export function settingsMessage(definition, settings) {
  return { type: "console/settings", on: true, definition, agent: { id: settings.agent.id, name: settings.agent.name } };
}

export async function enter({ tab, frame }, console) {
  await change("pages", (pages) => ({ ...pages, [`${tab}:${frame}`]: { tab, frame, console } }));
}

export async function leave(tab) {
  await change("pages", (pages) => Object.fromEntries(Object.entries(pages).filter(([, page]) => page.tab !== tab)));
  await change("open", (open) => (open?.tab === tab ? null : open));
}

/** Run the scripts in the open tabs that fit and have none yet. */
export async function begin(matches, files) {
  if (matches.length === 0) return;
  const known = new Set(Object.values(await get("pages")).map((page) => page.tab));
  for (const tab of await chrome.tabs.query({ url: matches, status: "complete" })) {
    if (known.has(tab.id)) continue;
    // A page that was closed meanwhile, or that no script may enter, is left alone.
    await chrome.scripting.executeScript({ target: { tabId: tab.id, allFrames: true }, files }).catch(() => null);
  }
}

/** Tell every open console how it is to be read now, or that it is switched off. */
export async function tellSettings(settings, definitions) {
  for (const page of Object.values(await get("pages"))) {
    const definition = definitions.find(({ id }) => id === page.console);
    const on = definition !== undefined && settings.consoles[page.console]?.on === true;
    await say(page, on ? settingsMessage(definition, settings) : { type: "console/settings", on: false });
  }
}

/** Put a text into the box of this session, if it is the open one: a reply meant for one buyer goes to no other. Resolves to `{inserted, why}`. */
export async function insert(open, session, text) {
  if (!open?.session) return { inserted: false, why: "no_conversation" };
  if (open.session !== session) return { inserted: false, why: "other_conversation" };
  const answer = await say(open, { type: "draft/insert", session, text });
  return answer ?? { inserted: false, why: "no_page" };
}

/** Bring the console to the front in which somebody waits. */
export async function bringUp(session) {
  const [open, pages] = await Promise.all([get("open"), get("pages")]);
  const page = open?.session === session ? open : (Object.values(pages)[0] ?? open);
  if (!page) return;
  const tab = await chrome.tabs.update(page.tab, { active: true });
  await chrome.windows.update(tab.windowId, { focused: true });
}

/** Keep the outcome of a console's self-check for the options page. */
export async function keepCheck({ tab, frame }, { console, results }) {
  await change("checks", (checks) => ({ ...checks, [console]: { tab, frame, results, at: Date.now() } }));
}

async function say({ tab, frame }, message) {
  try {
    return await chrome.tabs.sendMessage(tab, message, { frameId: frame });
  } catch {
    return null; // the page is gone, or has not answered
  }
}
