/** The shop's service over HTTP: the only place of the extension with network. */

import { signedHeaders } from "./signing.js";

const TIMEOUT_MS = 10_000;

/** The service could not be reached, or would not do it. `status` is 0 where there was no answer. */
export class ServiceError extends Error {
  constructor(status, body, retryAfter) {
    super(body?.title ?? (status ? `HTTP ${status}` : "no answer"));
    this.status = status;
    this.body = body;
    this.retryAfter = retryAfter;
  }
}

/** The answer of a GET, or of a POST where there is a `body`, as a value. Throws `ServiceError`. */
export async function ask(settings, path, { body, timeout = TIMEOUT_MS } = {}) {
  const answer = await (body === undefined
    ? exchange(settings, path, { headers: withKey(settings), timeout })
    : sendWithKey(settings, path, body, timeout));
  if (answer.status < 200 || answer.status > 299) throw new ServiceError(answer.status, answer.body, answer.retryAfter);
  return answer.body;
}

/** POST a value. Resolves to `{status, body, retryAfter}` whatever the answer; status 0: there was none. */
export async function sendWithKey(settings, path, body, timeout = TIMEOUT_MS) {
  const headers = { "content-type": "application/json", ...withKey(settings) };
  return exchange(settings, path, { method: "POST", headers, body: JSON.stringify(body), timeout });
}

/** POST a body, signed. Resolves to `{status, body, retryAfter}` whatever the answer; status 0: there was none. */
export async function sendSigned(settings, path, id, body, now) {
  const headers = await signedHeaders(settings.secret, id, now, body);
  return exchange(settings, `${path}?shop=${encodeURIComponent(settings.shop)}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    timeout: TIMEOUT_MS * 2,
  });
}

/** Call `changed` at each event of the service's stream, until the signal or the stream ends. Throws `ServiceError`. */
export async function follow(settings, signal, changed) {
  let answer;
  try {
    answer = await fetch(address(settings, "/v1/stream"), { headers: withKey(settings), signal, ...PLAIN });
  } catch {
    throw new ServiceError(0);
  }
  if (!answer.ok) throw new ServiceError(answer.status);
  const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await pieces.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    if (events.length > 0) changed();
  }
}

const PLAIN = { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" };

async function exchange(settings, path, { timeout, ...request }) {
  let answer;
  try {
    answer = await fetch(address(settings, path), { ...request, ...PLAIN, signal: AbortSignal.timeout(timeout) });
    const text = await answer.text();
    return { status: answer.status, body: valueOf(text), retryAfter: answer.headers.get("retry-after") };
  } catch {
    return { status: 0, body: null, retryAfter: null };
  }
}

function withKey(settings) {
  return { authorization: `Bearer ${settings.key}` };
}

function address(settings, path) {
  return settings.server.replace(/\/+$/, "") + path;
}

function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
