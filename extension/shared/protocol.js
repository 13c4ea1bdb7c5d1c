/**
 * Every message between the parts of the extension, by name, with its shape.
 *
 * A shape names the fields of a message. A field is one of
 *   "id"     a name of at most 200 characters      "text"   at most 20,000 characters
 *   "flag"   true or false                         "number" a finite number
 *   "object" any plain object                      "list"   any list of at most 500 entries
 *   [shape]  a list of at most 500 such objects    {…}      an object of that shape
 * and may be left out, or null, where its name ends in "?". Fields that no shape names are dropped.
 */
export const MESSAGE = {
  key: "id", // the same for the same message of the same conversation, for ever
  at: "id", // RFC 3339 with offset
  sender: "id", // buyer, agent, robot or system
  kind: "id", // text, image, card, emoji, file or voice
  text: "text",
  "agent?": "id",
};

export const FINDING = {
  rule: "id",
  severity: "id",
  start: "number",
  end: "number",
  message: "text",
  "name?": "text",
  "category?": "id",
  "match?": "text",
  "suggestion?": "text",
  "reason?": "text",
  "fix?": "object", // {start, end, text}: a safe rewrite
  "instead?": "object", // the same: another sentence, for a person to read
  "source?": "text",
};

/** From a content script to the worker. The answer of each stands behind it. */
export const FROM_CONTENT = {
  // Which console is this page? -> "console/settings"
  "console/hello": { url: "text" },
  // Messages that were seen, in the order of the page, history included; the outbox knows which are new. -> {taken}
  "console/messages": {
    console: "id",
    session: "id",
    buyer: "id",
    "buyer_name?": "text",
    messages: [MESSAGE],
  },
  // The agent looks at this conversation now, or at none. -> {taken}
  "console/open": { console: "id", "session?": "id", "buyer?": "id", "buyer_name?": "text", "last_key?": "id" },
  // May this be said? -> {findings: [FINDING], blocked, offline, why}
  "draft/check": { console: "id", session: "id", text: "text", "earlier?": "list" },
  // The agent sends it all the same, and why if he says so. -> {taken}
  "draft/override": { console: "id", session: "id", text: "text", findings: [FINDING], "reason?": "text" },
  // The agent is typing there. -> {taken}
  "draft/typing": { console: "id", session: "id" },
  // How many elements each selector of the definition finds on this page. -> {taken}
  "console/checked": { console: "id", results: "object" },
};

/** From the worker to a content script. */
export const TO_CONTENT = {
  // The definition to read this page by; on: false, the kill switch, lets go of the page at once.
  "console/settings": { on: "flag", "definition?": "object", "agent?": "object" },
  // Put the text into the box of this conversation; refused if another is open. -> {inserted, why}
  "draft/insert": { session: "id", text: "text" },
};

/** Over the port "panel", from the panel to the worker. Each is answered by the next state, or as its line says. */
export const FROM_PANEL = {
  // Keeps the worker awake while a panel is open.
  ping: {},
  // All that is known of a conversation -> "conversation"
  read: { session: "id" },
  // Phrases by a short code (/tk) or words, filled for the conversation -> "found"
  search: { query: "text", "session?": "id" },
  // Put a reply into the box of this conversation, if it is the one that is open on the page -> "inserted"
  insert: { session: "id", text: "text", "phrase_id?": "id", "variant?": "number" },
  // What the agent says of a suggestion: accepted or rejected -> "judged"
  judge: { id: "id", phrase_id: "id", message: "id", verdict: "id" },
};

/** Over the port "panel", from the worker to the panel. */
export const TO_PANEL = {
  // waiting: as GET /v1/sessions gives them; conversation: {console, session, buyer, buyer_name} or null;
  // decision: the latest one of the open conversation, as POST /v1/events gives it, or null;
  // link: {state: "unpaired"|"up"|"down"|"refused", why}; checking: is the draft being checked;
  // outbox: {waiting, refused}; offset_ms: the server's clock minus ours.
  state: {
    waiting: "list",
    "conversation?": "object",
    "decision?": "object",
    "advice?": "object",
    link: "object",
    checking: "flag",
    outbox: "object",
    "offset_ms?": "number",
  },
  // detail: as GET /v1/sessions/{session} gives it; null where the service knows no such session, or could not be asked.
  conversation: { session: "id", "detail?": "object", "why?": "text" },
  // hits: as GET /v1/phrases/search gives them; null where the service could not be asked.
  found: { query: "text", "hits?": "list" },
  inserted: { inserted: "flag", "why?": "text" },
  // note: what was learned, or why not; why: why it could not be taken.
  judged: { id: "id", "note?": "text", "why?": "text" },
  // The agent pressed the key of this suggestion (from 1) on the page.
  pick: { number: "number" },
};

const LIMITS = { id: 200, text: 20_000 };
const MAX_LIST = 500;

/**
 * The message with the fields of its shape and no other, or null if it is none of these.
 * `shapes` is one of the four tables above.
 */
export function read(shapes, message) {
  if (!isPlain(message) || typeof message.type !== "string" || !Object.hasOwn(shapes, message.type)) return null;
  const fields = readFields(shapes[message.type], message);
  return fields && { type: message.type, ...fields };
}

function readFields(shape, value) {
  if (!isPlain(value)) return null;
  const out = {};
  for (const [field, kind] of Object.entries(shape)) {
    const optional = field.endsWith("?");
    const name = optional ? field.slice(0, -1) : field;
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given === undefined || given === null) {
      if (!optional) return null;
      continue;
    }
    const read = readValue(kind, given);
    if (read === undefined) return null;
    out[name] = read;
  }
  return out;
}

function readValue(kind, value) {
  if (Array.isArray(kind)) {
    if (!Array.isArray(value) || value.length > MAX_LIST) return undefined;
    const entries = value.map((entry) => readFields(kind[0], entry));
    return entries.includes(null) ? undefined : entries;
  }
  if (typeof kind === "object") return readFields(kind, value) ?? undefined;
  if (kind in LIMITS) {
    const fits = typeof value === "string" && value.length <= LIMITS[kind] && (kind === "text" || value !== "");
    return fits ? value : undefined;
  }
  if (kind === "flag") return typeof value === "boolean" ? value : undefined;
  if (kind === "number") return Number.isFinite(value) ? value : undefined;
  if (kind === "list") return Array.isArray(value) && value.length <= MAX_LIST ? value : undefined;
  return isPlain(value) ? value : undefined;
}

function isPlain(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Is the other side a part of this very extension? */
export function isOurs(sender) {
  return sender?.id === chrome.runtime.id;
}
