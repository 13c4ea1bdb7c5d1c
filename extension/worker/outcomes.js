/** What becomes of a batch by the service's answer. Values in, values out. */

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const LONGEST_ASKED_MS = 15 * 60_000;
const AGAIN = new Set([408, 425, 429]);
const NOT_LET_IN = new Set([401, 403, 404]);

/**
 * `answer` is `{status, body, retryAfter}`, status 0 where there was none; `size` entries were sent, `attempts` failed before.
 *
 * Gives `{act: "settle", refused: [{id, reason, message}]}`, `{act: "split"}`, `{act: "refuse", reason, message}` (the one entry
 * of the batch) or `{act: "wait", ms, link, why}`, where link is "down" or "refused".
 */
export function outcomeOf(answer, size, attempts) {
  const { status, body } = answer;
  if (status >= 200 && status < 300 && Array.isArray(body?.results)) {
    const refused = body.results.filter((result) => result.status === "rejected");
    return { act: "settle", refused: refused.map(({ id, reason, message }) => ({ id, reason, message })) };
  }
  const why = body?.title ?? (status === 0 ? "" : `HTTP ${status}`);
  if (NOT_LET_IN.has(status)) return { act: "wait", ms: LONGEST_MS, link: "refused", why };
  const atFault = status >= 400 && status < 500 && !AGAIN.has(status);
  if (atFault && size > 1) return { act: "split" };
  if (atFault) return { act: "refuse", reason: body?.reason ?? "refused", message: why };
  return { act: "wait", ms: waitMs(answer.retryAfter, attempts), link: "down", why };
}

/** Twice as long each time, or as long as the service asks for. */
export function waitMs(retryAfter, attempts) {
  const asked = Number(retryAfter);
  if (retryAfter && Number.isFinite(asked)) return Math.min(Math.max(asked * 1000, FIRST_MS), LONGEST_ASKED_MS);
  return Math.min(FIRST_MS * 2 ** attempts, LONGEST_MS);
}
