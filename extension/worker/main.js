/**
 * The service worker: the only part that talks to the shop's service. The browser may end it at any moment, so what it knows is
 * in IndexedDB (the outbox) and in chrome.storage; its globals are only what cannot outlive it: ports and the stream.
 */

import { fits } from "../consoles/addresses.js";
import { FROM_CONTENT, isOurs, read } from "../shared/protocol.js";
import { keepFromPages, onSettings, readSettings } from "../shared/settings.js";
import * as board from "./board.js";
import { definitionsOf } from "./definitions.js";
import { ALARM as DELIVERY, deliver } from "./delivery.js";
import * as drafts from "./drafts.js";
import { nextCall } from "./notices.js";
import { serveOptions } from "./options.js";
import * as outbox from "./outbox.js";
import * as pages from "./pages.js";
import { panelsOpen, welcome } from "./panels.js";
import * as questions from "./questions.js";
import * as reports from "./reports.js";
import { CONTENT_SCRIPTS, registerSites } from "./sites.js";
import { get } from "./state.js";
import { followChanges, stopFollowing } from "./stream.js";

const REFRESH = "refresh";
const REFRESH_MINUTES = 0.5;
const WITHIN_LIFE_MS = 25_000;

/** What each message of a content script leads to; what it resolves to is the answer. */
const CONTENT = {
  "console/hello": async (message, page) => {
    const settings = await readSettings();
    const definition = await consoleAt(page.url, settings);
    if (definition === null) return { type: "console/settings", on: false };
    await pages.enter(page, definition.id);
    chrome.alarms.create(REFRESH, { periodInMinutes: REFRESH_MINUTES });
    return pages.settingsMessage(definition, settings);
  },
  "console/messages": async (message) => {
    if (await reports.takeMessages(message)) send();
    return { taken: true };
  },
  "console/open": async (message, page) => {
    await reports.takeOpen(message, page);
    refresh();
    return { taken: true };
  },
  "draft/check": async (message) => drafts.check(message),
  "draft/override": async (message) => {
    await reports.takeOverride(message);
    send();
    return { taken: true };
  },
  "draft/typing": async (message) => {
    await reports.takeActivity(message.session);
    await drafts.typing(message);
    return { taken: true };
  },
  "console/checked": async (message, page) => {
    await pages.keepCheck(page, message);
    return { taken: true };
  },
};

/** What each message of the panel is answered. */
const PANEL = {
  ping: async () => null,
  read: questions.readConversation,
  search: questions.searchPhrases,
  judge: questions.judge,
  insert: async ({ session, text }) => ({ type: "inserted", ...(await pages.insert(await get("open"), session, text)) }),
};

chrome.runtime.onMessage.addListener((raw, sender, reply) => {
  const message = isOurs(sender) && sender.tab ? read(FROM_CONTENT, raw) : null;
  if (message === null) return false;
  hear(message, sender).then(reply, () => reply(null));
  return true;
});

chrome.runtime.onConnect.addListener((port) => {
  welcome(port, heard, stopFollowing);
  if (!panelsOpen()) return;
  refresh();
  followChanges(refresh);
});

// What is inserted is what the panel shows there: the wording that the agent chose, with the variables filled in.
chrome.commands.onCommand.addListener((command) => pushToPanels({ type: "pick", number: Number(command.replace("insert-", "")) }));

chrome.alarms.onAlarm.addListener((alarm) => {
  if (alarm.name === DELIVERY) send();
  if (alarm.name === REFRESH) keepWatch();
});

chrome.tabs.onRemoved.addListener((tab) => pages.leave(tab));
chrome.notifications.onClicked.addListener((session) => pages.bringUp(session));
chrome.runtime.onInstalled.addListener(({ reason }) => {
  registerSites();
  if (reason === "install") chrome.tabs.create({ url: chrome.runtime.getURL("options/welcome.html") });
});
chrome.runtime.onStartup.addListener(() => registerSites());
chrome.permissions.onAdded.addListener(() => beginOnPages());
chrome.permissions.onRemoved.addListener(() => registerSites());

onSettings(async (settings) => {
  stopFollowing();
  await outbox.forgetPause();
  await beginOnPages();
  await pages.tellSettings(settings, await definitionsOf(settings));
  send();
  refresh();
  if (panelsOpen()) followChanges(refresh);
});

serveOptions();
keepFromPages();
send(); // what an earlier worker left behind
chrome.sidePanel.setPanelBehavior({ openPanelOnActionClick: true });

async function hear(message, sender) {
  const page = { tab: sender.tab.id, frame: sender.frameId, url: sender.url };
  if (message.console !== undefined && (await consoleAt(page.url, await readSettings()))?.id !== message.console) return null;
  return CONTENT[message.type](message, page);
}

async function heard(message, answer) {
  const said = await PANEL[message.type](message);
  if (said !== null) answer(said);
}

async function consoleAt(url, settings) {
  const definitions = await definitionsOf(settings);
  const here = (definition) => definition.matches.some((match) => fits(match, url));
  return definitions.find((definition) => settings.consoles[definition.id]?.on && here(definition)) ?? null;
}

function send() {
  deliver(async (results, batch) => {
    await reports.takeDecisions(results, batch);
    await board.show();
    if (results.length > 0) await refresh();
  });
}

/** A console that was just switched on is read at once, without a reload of its page. */
async function beginOnPages() {
  const matches = await registerSites();
  await pages.begin(matches, CONTENT_SCRIPTS);
}

function refresh() {
  return board.refresh();
}

/** Once in a while, while consoles are open: who waits, who is to be called out, and what is old enough to forget. */
async function keepWatch() {
  if (Object.keys(await get("pages")).length === 0) {
    await chrome.alarms.clear(REFRESH);
    return;
  }
  await board.refresh();
  const now = Date.now();
  const next = nextCall(await get("waiting"), now);
  if (next !== null && next - now < WITHIN_LIFE_MS) setTimeout(refresh, next - now);
  await outbox.prune(now);
}
