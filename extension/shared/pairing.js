/** The pairing code that `miaohui key add SHOP --for-extension` prints: `mhp1.` and the base64url of a JSON object. */

const PREFIX = "mhp1.";
const FIELDS = ["server", "shop", "key", "secret"];

/**
 * Reads a pairing code as it was pasted, with blanks and line breaks around or in it.
 *
 * Gives `{pairing: {server, shop, key, secret, agent: {id, name}}, reason}`; `pairing` is null with the reason "empty", "prefix",
 * "cut" (a part is missing) or "fields".
 */
export function readPairing(pasted) {
  const code = String(pasted ?? "").replace(/[\s\u200b\ufeff]+/gu, "");
  if (!code) return { pairing: null, reason: "empty" };
  if (!code.startsWith(PREFIX)) return { pairing: null, reason: "prefix" };
  let record;
  try {
    const bytes = Uint8Array.from(atob(code.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    record = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { pairing: null, reason: "cut" };
  }
  const { agent } = record ?? {};
  if (!FIELDS.every((field) => typeof record?.[field] === "string" && record[field]) || typeof agent?.id !== "string" || !agent.id) {
    return { pairing: null, reason: "fields" };
  }
  if (siteOfServer(record.server) === null) return { pairing: null, reason: "fields" };
  const { server, shop, key, secret } = record;
  return { pairing: { server, shop, key, secret, agent: { id: agent.id, name: String(agent.name || agent.id) } }, reason: null };
}

/** The permission that speaking to the server needs; null where the address is none of the web. */
export function siteOfServer(server) {
  try {
    const url = new URL(server);
    return /^https?:$/u.test(url.protocol) ? `${url.protocol}//${url.hostname}/*` : null;
  } catch {
    return null;
  }
}
