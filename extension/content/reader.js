/** Reads a console's page by its definition: who is spoken to, and what is shown of the conversation. */

const { findOne, findPart, kindOf, senderOf, valueOf } = await import(chrome.runtime.getURL("consoles/query.js"));

const LONGEST = 200;
const WATCHED = ["message_list", "conversation_open", "buyer_id", "buyer_name", "session_id"];

/** The conversation that is open, `{id, buyer, name, session}`, or null. `session` is the console's own name for it, or "". */
export function openConversation(root, { selectors }) {
  const entry = selectors.conversation_open && findOne(root, selectors.conversation_open);
  const name = valueIn(root, selectors.buyer_name) || valueIn(entry, selectors.item_buyer_name);
  const buyer = valueIn(root, selectors.buyer_id) || valueIn(entry, selectors.item_buyer_id) || name;
  if (!buyer) return null;
  return { id: buyer, buyer, name, session: valueIn(root, selectors.session_id) };
}

/** The elements of the messages that are drawn, in order. */
export function messageElements(root, { selectors }) {
  return findPart(root, selectors.message);
}

/** What one element says: `{sender, kind, text, id, shown}`; sender is null where no rule fits, `shown` is its time as shown. */
export function readMessage(element, definition) {
  const { selectors } = definition;
  const sender = senderOf(element, definition);
  if (sender === null) return { sender, kind: "text", text: "", id: "", shown: "" };
  const body = findOne(element, selectors.message_text);
  return {
    sender,
    kind: kindOf(element, definition),
    text: body === null ? "" : valueOf(body, selectors.message_text),
    id: valueIn(element, selectors.message_id),
    shown: valueIn(element, selectors.message_time),
  };
}

/** The parts that are written to: `{composer, sendButton}`, each an element or null. */
export function writingParts(root, { selectors }) {
  return {
    composer: findOne(root, selectors.composer),
    sendButton: selectors.send_button ? findOne(root, selectors.send_button) : null,
  };
}

/** What is read of the page: changes elsewhere need not be looked at. */
export function watchedParts(root, { selectors }) {
  return WATCHED.filter((role) => selectors[role] !== undefined).flatMap((role) => findPart(root, selectors[role]));
}

function valueIn(root, rule) {
  if (!root || !rule) return "";
  const element = findOne(root, rule);
  return element === null ? "" : valueOf(element, rule).slice(0, LONGEST);
}

