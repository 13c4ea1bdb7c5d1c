/** What content scripts report: messages become events in the outbox, and the open conversation is kept. */

import { readSettings } from "../shared/settings.js";
import { eventsOf, onlineEvent } from "./events.js";
import { add } from "./outbox.js";
import { change } from "./state.js";

const DECISIONS = 50;

/** Put the messages into the outbox. Resolves when they are on disk, to whether any was new. */
export async function takeMessages(message) {
  const settings = await readSettings();
  if (!settings.agent.id || settings.consoles[message.console]?.report === false) return false;
  const now = Date.now();
  const events = eventsOf(message, settings.agent.id, now);
  if (events.length > 0) await sayOnline(settings.agent.id, now);
  return (await add(events.map(entryOf), now)) > 0;
}

/** The agent is there: told once for each run of the browser, since the service keeps it until told otherwise. */
async function sayOnline(agent, now) {
  let known = null;
  await change("online", (online) => {
    known = online;
    return agent;
  });
  if (known !== agent) await add([entryOf(onlineEvent(crypto.randomUUID(), agent, now))], now);
}

function entryOf(event) {
  return { id: event.id, kind: "event", body: event };
}

/** Keep that the agent sent a text that had been stopped. */
export async function takeOverride({ session, text, findings, reason }) {
  const settings = await readSettings();
  const at = new Date().toISOString();
  const id = `ext/${crypto.randomUUID()}`;
  const shown = findings.map(({ rule, severity, match, name, message, suggestion }) => ({ rule, severity, match, name, message, suggestion }));
  await add([{ id, kind: "override", body: { id, session, agent: settings.agent.id, text, findings: shown, reason, at } }], Date.now());
}

/** Keep which conversation the agent looks at in which page. */
export async function takeOpen(message, { tab, frame }) {
  const { console: id, session, buyer, buyer_name: name } = message;
  await change("open", (open) => {
    if (!session) return open?.tab === tab && open.frame === frame ? null : open;
    return { tab, frame, console: id, session, buyer, buyer_name: name ?? null, active_at: Date.now() };
  });
}

/** The agent is at work in the open conversation. */
export async function takeActivity(session) {
  await change("open", (open) => (open?.session === session ? { ...open, active_at: Date.now() } : open));
}

/** Keep what the service decided on the events of a batch. */
export async function takeDecisions(results, batch) {
  const made = results.flatMap((result, index) => {
    const event = batch.bodies[index];
    return result.decision && event.type === "message" && event.sender === "buyer" ? [[event.session, result.decision]] : [];
  });
  if (made.length > 0) await change("decisions", (decisions) => [...decisions, ...made].slice(-DECISIONS));
}
