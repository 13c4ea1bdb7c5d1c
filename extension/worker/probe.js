/** Tries a connection to the shop's service, step by step, so that what fails is named. */

import { siteOfServer } from "../shared/pairing.js";
import { ask, sendSigned } from "./api.js";

const SCOPES = ["events", "lint", "read"];
export const STEPS = Object.freeze(["permission", "address", "key", "shop", "scopes", "clock", "secret", "version"]);

/**
 * Tries `{server, shop, key, secret}` at a moment in milliseconds since 1970.
 *
 * Gives one `{step, state, why, detail}` for each of STEPS: state is "ok", "failed", or "untried" after a step that must come
 * first. `detail` are texts that belong to it, such as seconds.
 */
export async function tryConnection(settings, now) {
  const outcomes = new Map();
  const ok = (step, ...detail) => outcomes.set(step, { step, state: "ok", why: "", detail: detail.map(String) });
  const failed = (step, why, ...detail) => outcomes.set(step, { step, state: "failed", why, detail: detail.map(String) });
  await run(settings, now, ok, failed);
  return STEPS.map((step) => outcomes.get(step) ?? { step, state: "untried", why: "", detail: [] });
}

async function run(settings, now, ok, failed) {
  const site = siteOfServer(settings.server);
  if (site === null) return failed("address", "not_an_address", settings.server);
  if (!(await chrome.permissions.contains({ origins: [site] }))) return failed("permission", "not_granted", site);
  ok("permission");
  const health = await reached(settings, "/healthz");
  if (health.status === 0) return failed("address", "no_answer", settings.server);
  if (health.body?.status !== "ok") return failed("address", "not_ours", settings.server);
  ok("address", settings.server);
  const who = await reached(settings, "/v1/whoami");
  if (who.status === 404) return failed("version", "too_old");
  if (who.status === 401) return failed("key", "unknown_key");
  if (who.status !== 200) return failed("key", "no_whoami", who.status);
  ok("key", who.body.key.label);
  if (who.body.shop !== settings.shop) failed("shop", "other_shop", who.body.shop, settings.shop);
  else ok("shop", who.body.name, who.body.platform);
  const missing = SCOPES.filter((scope) => !who.body.key.scopes.includes(scope));
  if (missing.length > 0) failed("scopes", "missing_scope", missing.join(", "));
  else ok("scopes");
  judgeClock(who.body, now, ok, failed);
  judgeVersion(who.body.version, ok, failed);
  return trySecret(settings, now, ok, failed);
}

function judgeClock({ at, signature_tolerance_s: tolerance }, now, ok, failed) {
  const ahead = Math.round((now - Date.parse(at)) / 1000);
  if (Math.abs(ahead) > tolerance) failed("clock", ahead > 0 ? "fast" : "slow", Math.abs(ahead), tolerance);
  else ok("clock", Math.abs(ahead));
}

function judgeVersion(version, ok, failed) {
  const ours = chrome.runtime.getManifest().version;
  const [theirMajor, theirMinor] = version.split(".").map(Number);
  const [major, minor] = ours.split(".").map(Number);
  if (theirMajor < major || (theirMajor === major && theirMinor < minor)) failed("version", "older_service", version, ours);
  else ok("version", version);
}

/** An empty batch, signed: it changes nothing, and is answered only if the secret is right. */
async function trySecret(settings, now, ok, failed) {
  let answer;
  try {
    answer = await sendSigned(settings, "/v1/events", `probe-${crypto.randomUUID()}`, "[]", now);
  } catch {
    return failed("secret", "not_a_secret");
  }
  if (answer.status === 200) return ok("secret");
  if (answer.body?.reason === "stale_signature") return failed("secret", "clock_first");
  if (answer.body?.reason === "bad_signature") return failed("secret", "wrong_secret");
  return failed("secret", "refused", answer.status);
}

async function reached(settings, path) {
  try {
    return { status: 200, body: await ask(settings, path) };
  } catch (error) {
    return { status: error.status ?? 0, body: error.body ?? null };
  }
}
