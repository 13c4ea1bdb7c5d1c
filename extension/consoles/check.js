/**
 * Tries a console definition on a page: how many each selector finds against what is expected, what is read, who is recognised.
 * Nothing on the page is changed. Runs in content scripts, too, whose modules find each other by getURL.
 */
const { findAll, findPart, findOne, valueOf, senderOf, kindOf } = await import(chrome.runtime.getURL("consoles/query.js"));
const { ROLES, ROLE_WORDS } = await import(chrome.runtime.getURL("consoles/roles.js"));

const SAMPLE = 60;
const LAST = 8;

/**
 * What the definition finds in a document.
 *
 * `state` is "absent" (nothing of the console is here: another page, or not signed in), "closed" (the console is here, no
 * conversation is open), "fine" or "broken". `parts` has one entry for each selector, in the order of the roles:
 * `{role, found, of, at_least, at_most, state, sample}`; `of` is the number of messages or entries it was looked up in, null in the
 * page; its state is "fine", "missing", "many" or "unjudged" while no conversation is open. `problems` and `doubts` are
 * `{role, zh, en}`: a problem breaks reading, a doubt does not.
 */
export function check(page, definition) {
  const rules = definition.selectors;
  const roles = Object.keys(ROLES).filter((role) => rules[role]);
  const messages = rules.message ? findPart(page, rules.message) : [];
  const items = rules.conversation_item ? findPart(page, rules.conversation_item) : [];
  const around = { page: [page], message: messages, item: items };
  const parts = roles.map((role) => partOf(role, rules[role], ROLES[role], around));
  const foundOf = (role) => parts.find((part) => part.role === role)?.found ?? 0;
  const isOpen = foundOf("message_list") > 0 || foundOf("composer") > 0 || messages.length > 0;
  const isHere = parts.some((part) => part.of === null && part.found > 0);
  const isEmpty = messages.length === 0 && isBlank(page, rules.message_list);
  for (const part of parts) if (!isOpen || (isEmpty && (part.role === "message" || part.of === 0))) part.state = "unjudged";
  const read = messages.slice(-LAST).map((message) => readMessage(message, definition));
  const senders = countSenders(messages, definition);
  const { problems, doubts } = isOpen ? judge(parts, messages, senders, definition) : { problems: [], doubts: [] };
  let state = problems.length > 0 ? "broken" : "fine";
  if (!isOpen) state = isHere ? "closed" : "absent";
  return { state, parts, problems, doubts, senders, messages: read, buyer: readBuyer(page, rules), composer: composerOf(page, rules) };
}

/** A conversation in which nobody has spoken yet. */
function isBlank(page, rule) {
  const lists = rule ? findPart(page, rule) : [];
  return lists.length > 0 && lists.every((list) => !list.textContent.trim());
}

function partOf(role, rule, { within, reads }, around) {
  const elements = around[within].flatMap((root) => (within === "page" ? findPart(root, rule) : findPart(root, rule).slice(0, 1)));
  const values = reads ? elements.map((element) => valueOf(element, rule)) : elements.map((element) => element.textContent ?? "");
  const found = reads && rule.attribute !== undefined ? values.filter(Boolean).length : elements.length;
  let state = "fine";
  if (found < rule.at_least) state = "missing";
  else if (rule.at_most !== null && found > rule.at_most) state = "many";
  const sample = shortened(values.find((value) => value.trim()) ?? "");
  return { role, found, of: within === "page" ? null : around[within].length, at_least: rule.at_least, at_most: rule.at_most, state, sample };
}

function judge(parts, messages, senders, definition) {
  const words = ROLE_WORDS;
  const problems = [];
  const doubts = [];
  for (const { role, state, found, at_least: least, at_most: most } of parts) {
    const { css } = definition.selectors[role];
    if (state === "missing") {
      const none = found === 0;
      problems.push({
        role,
        zh: none ? `找不到${words[role].zh}（${css}）` : `${words[role].zh}只找到 ${found} 个，应至少 ${least} 个（${css}）`,
        en: none ? `No ${words[role].en} (${css})` : `${found} of ${words[role].en}, at least ${least} expected (${css})`,
      });
    } else if (state === "many") {
      problems.push({ role, zh: `${words[role].zh}找到 ${found} 个，应至多 ${most} 个（${css}）`, en: `${found} of ${words[role].en}, at most ${most} expected (${css})` });
    }
  }
  const ids = messageIds(messages, definition.selectors.message_id);
  if (new Set(ids).size < ids.length) {
    problems.push({ role: "message_id", zh: "有几条消息的编号相同，会被当成同一条", en: "Several messages have one id and would become one" });
  }
  if (senders.unknown > 0 && messages.length > 0) {
    const all = senders.unknown === messages.length;
    const entry = {
      role: "message",
      zh: all ? "每条消息都认不出是谁说的，请检查「谁说的」" : `${messages.length} 条消息里有 ${senders.unknown} 条认不出是谁说的，这些不会上报`,
      en: all ? "Nobody is recognised as the sender of any message" : `${senders.unknown} of ${messages.length} messages have no known sender and are not reported`,
    };
    (all ? problems : doubts).push(entry);
  }
  return { problems, doubts };
}

function messageIds(messages, rule) {
  if (!rule) return [];
  return messages.map((message) => read(message, rule)).filter(Boolean);
}

function countSenders(messages, definition) {
  const counts = { buyer: 0, agent: 0, robot: 0, system: 0, unknown: 0 };
  for (const message of messages) counts[senderOf(message, definition) ?? "unknown"] += 1;
  return counts;
}

function readMessage(message, definition) {
  const { message_text: text, message_id: id, message_time: time } = definition.selectors;
  return {
    sender: senderOf(message, definition),
    kind: kindOf(message, definition),
    text: shortened(text ? read(message, text) : ""),
    id: shortened(id ? read(message, id) : ""),
    time: shortened(time ? read(message, time) : ""),
  };
}

function readBuyer(page, rules) {
  const open = rules.conversation_open ? findOne(page, rules.conversation_open) : null;
  const ofOpen = (rule) => (open && rule ? read(open, rule) : "");
  const id = rules.buyer_id ? read(page, rules.buyer_id) : ofOpen(rules.item_buyer_id);
  const name = rules.buyer_name ? read(page, rules.buyer_name) : ofOpen(rules.item_buyer_name);
  return { id: shortened(id), name: shortened(name) };
}

function composerOf(page, rules) {
  const box = rules.composer ? findAll(page, rules.composer.css)[0] : undefined;
  if (!box) return null;
  if (box.localName === "textarea" || box.localName === "input") return box.localName;
  return box.isContentEditable ? "editable" : "other";
}

function read(root, rule) {
  const element = findOne(root, rule);
  return element ? valueOf(element, rule) : "";
}

function shortened(text) {
  const plain = text.replace(/\s+/gu, " ").trim();
  return plain.length > SAMPLE ? `${plain.slice(0, SAMPLE - 1)}…` : plain;
}
