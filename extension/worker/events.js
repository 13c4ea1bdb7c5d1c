/** Messages of a console as events of the service (its event log). Values in, values out. */

/** Older ones are history that the shop has settled; what a page shows of it is only a part. */
export const REPORTED_MS = 24 * 3600 * 1000;

/**
 * The events of a "console/messages" message, in order, without what is too old.
 *
 * `agent` is who works with this browser. Ids come from the console's own keys, so that the same message gives the same event
 * in each browser that sees it.
 */
export function eventsOf({ session, buyer, buyer_name: name, messages }, agent, now) {
  const recent = messages.filter((message) => now - Date.parse(message.at) <= REPORTED_MS);
  if (recent.length === 0) return [];
  const known = { session, buyer };
  const begins = recent[0].at;
  const events = [
    { id: `${session}/opened/${agent}`, type: "session_opened", at: begins, ...known },
    // As early as the first message: when the agent's list got it is not seen, and later would flatter the clock.
    { id: `${session}/assigned/${agent}`, type: "assigned", at: begins, agent, ...known },
  ];
  for (const message of recent) {
    const event = { id: message.key, type: "message", at: message.at, ...known };
    if (name) event.buyer_name = name;
    event.sender = message.sender;
    event.kind = message.kind;
    event.text = message.text;
    if (message.sender === "agent") event.agent = message.agent ?? agent;
    events.push(event);
  }
  return events;
}

/** The agent has a console open. */
export function onlineEvent(id, agent, now) {
  return { id: `ext/${id}`, type: "agent_online", at: new Date(now).toISOString(), agent };
}
