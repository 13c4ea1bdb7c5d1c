/** Reaching the console's own tab: which are open, pointing at parts, trying a definition there. */

import { siteOf } from "../consoles/addresses.js";

/** Asks for the permission to read the pages; call it straight from a click. */
export function askForPages(patterns) {
  return chrome.permissions.request({ origins: [...new Set(patterns.map(siteOf))] });
}

/** The open tabs that the patterns fit, the one looked at last first. */
export async function pagesAt(patterns) {
  const tabs = await chrome.tabs.query({ url: patterns });
  return tabs.sort((a, b) => (b.lastAccessed ?? 0) - (a.lastAccessed ?? 0));
}

/** Brings the console to the front, lets the agent point at parts, and comes back. Gives what `pick` of pick.js gives. */
export async function pickOn(tabId, steps, words) {
  const here = await chrome.tabs.getCurrent();
  await bringUp(tabId);
  try {
    const [{ result }] = await chrome.scripting.executeScript({ target: { tabId }, func: pickInPage, args: [steps, words] });
    return result;
  } finally {
    if (here) await bringUp(here.id);
  }
}

/** Tries a definition on the tab, in each of its frames; gives the outcome of the frame in which most of it is. */
export async function checkOn(tabId, definition) {
  const results = await chrome.scripting.executeScript({ target: { tabId, allFrames: true }, func: checkInPage, args: [definition] });
  const outcomes = results.map(({ result }) => result).filter(Boolean);
  const found = (outcome) => outcome.parts.filter((part) => part.found > 0).length;
  return outcomes.sort((a, b) => found(b) - found(a))[0] ?? null;
}

async function bringUp(tabId) {
  const tab = await chrome.tabs.update(tabId, { active: true });
  await chrome.windows.update(tab.windowId, { focused: true });
}

async function pickInPage(steps, words) {
  const { pick } = await import(chrome.runtime.getURL("consoles/pick.js"));
  return pick(steps, words);
}

async function checkInPage(definition) {
  const { check } = await import(chrome.runtime.getURL("consoles/check.js"));
  return check(document, definition);
}
