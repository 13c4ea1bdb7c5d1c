/** Tells the agent that a buyer's clock runs out: a number on the button, and a notice on the desktop. */

import { get, change } from "./state.js";

/** A buyer with no more than this left is called out: the warning of the service at 100 of 180 seconds. */
export const CALL_OUT_S = 80;
/** Who worked in a conversation so recently is not told of it. */
const ACTIVE_MS = 20_000;
const BADGE = "#b3261e";

/**
 * The waiting buyers that `agent` is to be told of: his own and nobody's, with little time left, once for each clock.
 * `open` is the conversation in which he works, `told` whom he was told of, times are in milliseconds.
 */
export function dueNotices(waiting, { agent, open, told, now }) {
  return waiting.filter((each) => {
    if (each.agent && each.agent !== agent) return false;
    if (!each.counted) return false;
    const left = (Date.parse(each.deadline_at) - now) / 1000;
    if (left <= 0 || left > CALL_OUT_S) return false;
    if (open?.session === each.session && now - open.active_at < ACTIVE_MS) return false;
    return !told.includes(nameOf(each));
  });
}

/** Show the number of buyers who wait, and the notices that are due. */
export async function tell(settings) {
  const [waiting, open, told] = await Promise.all([get("waiting"), get("open"), get("told")]);
  const agent = settings.agent.id;
  const mine = waiting.filter((each) => !each.agent || each.agent === agent);
  await chrome.action.setBadgeBackgroundColor({ color: BADGE });
  await chrome.action.setBadgeText({ text: mine.length > 0 ? String(mine.length) : "" });
  if (!settings.notices) return;
  for (const each of dueNotices(waiting, { agent, open, told, now: Date.now() })) {
    await change("told", (names) => [...names.slice(-200), nameOf(each)]);
    const seconds = Math.round((Date.parse(each.deadline_at) - Date.now()) / 1000);
    await chrome.notifications.create(each.session, {
      type: "basic",
      iconUrl: chrome.runtime.getURL("icons/128.png"),
      title: chrome.i18n.getMessage("core_notice_title", [String(seconds)]),
      message: each.text || chrome.i18n.getMessage("core_notice_no_text"),
      silent: !settings.sound,
      priority: 2,
    });
  }
}

/** The next moment at which somebody is to be called out, in milliseconds since 1970, or null. */
export function nextCall(waiting, now) {
  const moments = waiting.map((each) => Date.parse(each.deadline_at) - CALL_OUT_S * 1000).filter((moment) => moment > now);
  return moments.length > 0 ? Math.min(...moments) : null;
}

function nameOf(each) {
  return `${each.session} ${each.deadline_at}`;
}
