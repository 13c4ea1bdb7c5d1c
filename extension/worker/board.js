/** What the panel shows: who waits, and which conversation is open. Asked from the service when something changed. */

import { isPaired, readSettings } from "../shared/settings.js";
import { ask, ServiceError } from "./api.js";
import { tell } from "./notices.js";
import * as outbox from "./outbox.js";
import { pushToPanels } from "./panels.js";
import { change, get } from "./state.js";

let refreshing = null;
let wanted = false;

/** Ask who waits, keep it, call out who must be, and show it. What is asked for meanwhile is answered by one more asking. */
export function refresh() {
  wanted = true;
  refreshing ??= catchUp();
  return refreshing;
}

async function catchUp() {
  try {
    while (wanted) {
      wanted = false;
      await askWhoWaits();
    }
  } finally {
    refreshing = null;
  }
}

async function askWhoWaits() {
  const settings = await readSettings();
  if (!isPaired(settings)) {
    await change("link", () => ({ state: "unpaired", why: "" }));
    return show();
  }
  try {
    const board = await ask(settings, "/v1/sessions?state=waiting");
    await change("waiting", () => board.sessions);
    await change("offset_ms", () => Date.parse(board.now) - Date.now());
    await change("link", () => ({ state: "up", why: "" }));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const refused = error.status === 401 || error.status === 403;
    await change("link", () => ({ state: refused ? "refused" : "down", why: error.message }));
  }
  await tell(settings);
  return show();
}

/** Show what is known now. */
export async function show() {
  const message = await stateMessage();
  pushToPanels(message);
}

/** The message "state" for the panel. */
export async function stateMessage() {
  const [waiting, open, decisions, link, offset] = await Promise.all(
    ["waiting", "open", "decisions", "link", "offset_ms"].map(get),
  );
  const decision = decisions.findLast(([session]) => session === open?.session)?.[1] ?? null;
  return {
    type: "state",
    waiting,
    conversation: open && { console: open.console, session: open.session, buyer: open.buyer, buyer_name: open.buyer_name },
    decision,
    advice: decision?.rating_advice ?? null,
    link,
    checking: link.state === "up",
    outbox: await outbox.counts(),
    offset_ms: offset,
  };
}
