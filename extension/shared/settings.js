/**
 * What the extension keeps for good, in chrome.storage.local, which content scripts cannot read.
 *
 * {server, shop, key, secret, agent: {id, name}, consoles: {id: {on, report, overrides, confirmed: {at, by}}},
 *  own_consoles: [definition], sound, notices, language}
 *
 * `key` is an API key of the scopes events, lint and read; `secret` signs events. `report: false` is for a console
 * whose messages reach the service by its own webhook.
 */

const KEY = "settings";

export const EMPTY = Object.freeze({
  server: "",
  shop: "",
  key: "",
  secret: "",
  agent: Object.freeze({ id: "", name: "" }),
  consoles: Object.freeze({}),
  own_consoles: Object.freeze([]),
  sound: false,
  notices: true,
  language: "",
});

/** Keep what is stored from content scripts. Called at every start of the worker. */
export async function keepFromPages() {
  await chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" });
}

/** What is stored, with defaults for what is not. */
export async function readSettings() {
  const stored = (await chrome.storage.local.get(KEY))[KEY];
  return { ...EMPTY, ...stored };
}

/** Change some of it; the rest stays. */
export async function changeSettings(changes) {
  const settings = { ...(await readSettings()), ...changes };
  await chrome.storage.local.set({ [KEY]: settings });
  return settings;
}

/** Call back with the new settings whenever they change, in whichever part of the extension. */
export function onSettings(callback) {
  chrome.storage.onChanged.addListener((changes, area) => {
    if (area === "local" && KEY in changes) callback({ ...EMPTY, ...changes[KEY].newValue });
  });
}

/** Is the extension paired with a shop? */
export function isPaired(settings) {
  return Boolean(settings.server && settings.shop && settings.key && settings.secret && settings.agent.id);
}
