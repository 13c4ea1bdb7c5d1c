/** Empties the outbox into the service: in order, one batch at a time, again and again until it is there. */

import { isPaired, readSettings } from "../shared/settings.js";
import { sendSigned, sendWithKey } from "./api.js";
import * as outbox from "./outbox.js";
import { outcomeOf } from "./outcomes.js";
import { change } from "./state.js";

/** Kinds of entries that the service takes one by one. */
const ALONE = ["override"];
/** Wakes the worker where a wait is longer than it may live. */
export const ALARM = "delivery";
const ALARM_MINUTES = 0.5;
const WITHIN_LIFE_MS = 20_000;

let queued = false;

/**
 * Send what can be sent now. Several callers take turns; `arrived` is called with the results of each batch (none: it did not) and the batch.
 * What cannot be sent now is tried again by a timer, and by an alarm should the worker have ended by then.
 */
export async function deliver(arrived) {
  if (queued) return;
  queued = true;
  await navigator.locks.request("delivery", async () => {
    queued = false;
    while (await sendOne(arrived));
  });
}

async function sendOne(arrived) {
  const settings = await readSettings();
  const batch = isPaired(settings) ? await outbox.nextBatch(ALONE) : null;
  if (batch === null) {
    await chrome.alarms.clear(ALARM);
    return false;
  }
  chrome.alarms.create(ALARM, { periodInMinutes: ALARM_MINUTES });
  const { until, attempts } = await outbox.pause();
  if (until > Date.now()) {
    wakeIn(until - Date.now(), arrived);
    return false;
  }
  const answer = await SENDERS[batch.kind](settings, batch);
  const outcome = outcomeOf(answer, batch.seqs.length, attempts);
  if (outcome.act === "wait") {
    await outbox.pauseUntil(Date.now() + outcome.ms, attempts + 1);
    await change("link", () => ({ state: outcome.link, why: outcome.why }));
    wakeIn(outcome.ms, arrived);
    await arrived([], batch);
    return false;
  }
  if (outcome.act === "split") {
    await outbox.split(batch);
    return true;
  }
  const refused = outcome.act === "refuse" ? [{ id: batch.ids[0], reason: outcome.reason, message: outcome.message }] : outcome.refused;
  await outbox.settle(batch, refused, Date.now());
  await change("link", () => ({ state: "up", why: "" }));
  await arrived(outcome.act === "settle" ? answer.body.results : [], batch);
  return true;
}

/** How each kind is sent; the answer has `results`, one for each entry. */
const SENDERS = {
  event: (settings, batch) => sendSigned(settings, "/v1/events", batch.id, JSON.stringify(batch.bodies), Date.now()),
  async override(settings, batch) {
    const answer = await sendWithKey(settings, "/v1/lint/overrides", batch.bodies[0]);
    return { ...answer, body: answer.body?.status ? { results: [answer.body] } : answer.body };
  },
};

function wakeIn(ms, arrived) {
  if (ms <= WITHIN_LIFE_MS) setTimeout(() => deliver(arrived), ms);
}
