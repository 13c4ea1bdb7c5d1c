/**
 * Reads a console definition: a JSON object that says where a chat console keeps its messages, its box and its button.
 * Every problem says what is wrong and where. The format is described in docs/extension-consoles.md.
 */
import { isAddressPattern } from "./addresses.js";
import { isSelector } from "./query.js";
import { KINDS, POSITIONS, ROLES, ROLE_WORDS, SENDERS, SEND_KEYS, STATUSES } from "./roles.js";

export const FORMAT = 1;
const ID = /^[a-z0-9][a-z0-9_-]{0,39}$/u;
const DATE = /^\d{4}-\d{2}-\d{2}$/u;
const LONGEST = { name: 60, css: 500, attribute: 80, note: 1000, matches: 20, who: 20 };
const TOP = ["format", "id", "name", "status", "taken_from", "matches", "selectors", "who", "kinds", "send_key"];
const RULE = ["css", "attribute", "after", "until", "at_least", "at_most", "visible"];

/**
 * Reads a definition from a JSON value or text.
 *
 * Gives `{console, problems}`: `console` is the definition with defaults filled in, or null where a problem is an error.
 * A problem is `{level: "error"|"warning", at, zh, en}`; `at` is the place, such as `selectors.message.css`.
 */
export function readConsole(given) {
  const problems = [];
  const wrong = (at, zh, en) => problems.push({ level: "error", at, zh, en });
  const doubtful = (at, zh, en) => problems.push({ level: "warning", at, zh, en });
  let value = given;
  if (typeof given === "string") {
    try {
      value = JSON.parse(given);
    } catch (error) {
      wrong("", `不是有效的 JSON：${error.message}`, `Not valid JSON: ${error.message}`);
      return { console: null, problems };
    }
  }
  if (!isObject(value)) {
    wrong("", "控制台定义应是一个 JSON 对象", "A console definition is a JSON object");
    return { console: null, problems };
  }
  refuseUnknown(value, TOP, "", wrong);
  if (value.format !== undefined && value.format !== FORMAT) {
    wrong("format", `格式版本 ${show(value.format)} 读不了，这里只认 ${FORMAT}：请升级扩展`, `Format ${show(value.format)} is not known here (${FORMAT} is): update the extension`);
  }
  if (typeof value.id !== "string" || !ID.test(value.id)) {
    wrong("id", "代号只能用小写字母、数字、- 和 _，最多 40 个字符", "The id may hold lower-case letters, digits, - and _, at most 40");
  }
  if (typeof value.name !== "string" || !value.name.trim() || value.name.length > LONGEST.name) {
    wrong("name", `名称不能为空，最多 ${LONGEST.name} 个字`, `A name of at most ${LONGEST.name} characters is needed`);
  }
  const status = value.status ?? "own";
  if (!STATUSES.includes(status)) wrong("status", `状态 ${show(status)} 不认识，应为 ${STATUSES.join("、")}`, `Status must be one of ${STATUSES.join(", ")}`);
  const takenFrom = readOrigin(value.taken_from, wrong);
  const matches = readMatches(value.matches, wrong);
  const selectors = readSelectors(value.selectors, wrong, doubtful);
  const who = readWho(value.who, wrong, doubtful);
  const kinds = readKinds(value.kinds, wrong);
  const sendKey = value.send_key ?? "Enter";
  if (!SEND_KEYS.includes(sendKey)) wrong("send_key", `发送键 ${show(sendKey)} 不认识，应为 ${SEND_KEYS.join("、")}`, `send_key must be one of ${SEND_KEYS.join(", ")}`);
  if (sendKey === "none" && !selectors.send_button) {
    wrong("send_key", "既没有发送键也没有发送按钮，无法知道什么时候发送", "Neither a send key nor a send button: sending cannot be seen");
  }
  if (problems.some((problem) => problem.level === "error")) return { console: null, problems };
  const console_ = { format: FORMAT, id: value.id, name: value.name.trim(), status, taken_from: takenFrom, matches, selectors, who, kinds, send_key: sendKey };
  return { console: console_, problems };
}

/**
 * A definition with what a shop changed in it: single selectors, addresses, senders, kinds, key. A selector that was set to null
 * is taken away. Gives a raw definition for `readConsole`.
 */
export function withOverrides(definition, overrides) {
  if (!isObject(overrides)) return definition;
  const changed = { ...definition };
  for (const key of ["name", "matches", "who", "kinds", "send_key"]) {
    if (overrides[key] !== undefined) changed[key] = overrides[key];
  }
  if (isObject(overrides.selectors)) {
    changed.selectors = { ...definition.selectors, ...overrides.selectors };
    for (const [role, rule] of Object.entries(changed.selectors)) if (rule === null) delete changed.selectors[role];
  }
  return changed;
}

/** What has to be kept of a changed definition so that `withOverrides` makes it of the shipped one again; null where nothing differs. */
export function overridesOf(shipped, changed) {
  const overrides = {};
  for (const key of ["name", "matches", "who", "kinds", "send_key"]) {
    if (!isSame(shipped[key], changed[key])) overrides[key] = changed[key];
  }
  const roles = new Set([...Object.keys(shipped.selectors), ...Object.keys(changed.selectors)]);
  const selectors = {};
  for (const role of roles) {
    if (!isSame(shipped.selectors[role], changed.selectors[role])) selectors[role] = changed.selectors[role] ?? null;
  }
  if (Object.keys(selectors).length > 0) overrides.selectors = selectors;
  return Object.keys(overrides).length > 0 ? overrides : null;
}

/**
 * What can be tried of a definition that is not finished: its sound selectors with their defaults, its sound rules. Never null, so
 * that a test may say what is there while the rest is still missing.
 */
export function sketchOf(definition) {
  const nothing = () => {};
  const sound = (css) => typeof css === "string" && css.trim() !== "" && isSelector(css);
  const given = Object.entries(definition.selectors ?? {}).filter(([role, rule]) => Object.hasOwn(ROLES, role) && sound(rule?.css));
  return {
    id: definition.id,
    name: definition.name,
    selectors: Object.fromEntries(given.map(([role, rule]) => [role, readRule(rule, role, "", nothing)])),
    who: (definition.who ?? []).filter((rule) => SENDERS.includes(rule.sender) && (rule.css === undefined ? POSITIONS.includes(rule.position) : sound(rule.css))),
    kinds: Object.fromEntries(Object.entries(definition.kinds ?? {}).filter(([kind, css]) => KINDS.includes(kind) && sound(css))),
  };
}

/** Can a conversation be read with it? A set without selectors waits for somebody to fill it in. */
export function isComplete(definition) {
  return Object.entries(ROLES).every(([role, { needed }]) => !needed || Boolean(definition.selectors?.[role]));
}

function readOrigin(value, wrong) {
  if (value === undefined) return { page: "", date: "", note: "" };
  if (!isObject(value)) {
    wrong("taken_from", "应写成 {page, date, note}：从哪个页面、哪一天抄下来的", "Give {page, date, note}: the page and day it was taken from");
    return null;
  }
  refuseUnknown(value, ["page", "date", "note"], "taken_from.", wrong);
  if (value.date && !DATE.test(value.date)) wrong("taken_from.date", `日期 ${show(value.date)} 应写成 2026-11-22`, "Write the date as 2026-11-22");
  const note = value.note ?? "";
  if (typeof note !== "string" || note.length > LONGEST.note) wrong("taken_from.note", `说明最多 ${LONGEST.note} 个字`, `The note may have ${LONGEST.note} characters`);
  return { page: String(value.page ?? ""), date: String(value.date ?? ""), note: String(note) };
}

function readMatches(value, wrong) {
  if (!Array.isArray(value) || value.length === 0 || value.length > LONGEST.matches) {
    wrong("matches", `至少写一个、最多 ${LONGEST.matches} 个页面地址，例如 https://im.example.com/*`, `Give one to ${LONGEST.matches} page addresses, such as https://im.example.com/*`);
    return [];
  }
  value.forEach((pattern, index) => {
    if (!isAddressPattern(pattern)) {
      wrong(`matches[${index}]`, `地址 ${show(pattern)} 不对：要以 http:// 或 https:// 开头、写明网站，以 / 或 /* 结尾，例如 https://im.example.com/*`, `${show(pattern)} is no page address such as https://im.example.com/*`);
    }
  });
  return value;
}

function readSelectors(value, wrong, doubtful) {
  if (!isObject(value)) {
    wrong("selectors", "缺少选择器（selectors），应是一个对象", "selectors must be an object");
    return {};
  }
  const selectors = {};
  for (const [role, rule] of Object.entries(value)) {
    const at = `selectors.${role}`;
    if (!Object.hasOwn(ROLES, role)) wrong(at, `不认识「${role}」，可用的有：${Object.keys(ROLES).join("、")}`, `Unknown part; known are ${Object.keys(ROLES).join(", ")}`);
    else selectors[role] = readRule(rule, role, at, wrong);
  }
  if (Object.keys(selectors).length === 0) return selectors;
  for (const [role, { needed }] of Object.entries(ROLES)) {
    if (needed && !selectors[role]) wrong(`selectors.${role}`, `还没有填「${ROLE_WORDS[role].zh}」，没有它就读不了会话`, `The ${ROLE_WORDS[role].en} is missing; nothing can be read without it`);
  }
  const fromList = selectors.item_buyer_id && selectors.conversation_open;
  if (!selectors.buyer_id && !fromList) {
    if (selectors.buyer_name) doubtful("selectors.buyer_id", "没有买家编号，将用昵称区分买家：同名的两位买家会被当成一个人", "Without a buyer id, buyers are told apart by name: two of one name become one");
    else wrong("selectors.buyer_id", "请至少填「当前买家的编号」或「当前买家的昵称」之一，否则不知道在和谁说话", "Give the buyer's id or name: otherwise nobody knows who is spoken to");
  }
  if (!selectors.message_id) doubtful("selectors.message_id", "没有消息编号，将按内容和先后次序去重", "Without message ids, repeats are told by text and order");
  if (!selectors.message_time) doubtful("selectors.message_time", "没有消息时间，只上报打开页面之后出现的消息，之前的不补报", "Without message times, only what appears after the page was opened is reported");
  if (!selectors.send_button) doubtful("selectors.send_button", "没有发送按钮，只能在按发送键时拦截", "Without the send button, only the send key is guarded");
  return selectors;
}

function readRule(rule, role, at, wrong) {
  if (!isObject(rule)) {
    wrong(at, `「${ROLE_WORDS[role].zh}」应写成 {"css": "…"}`, `Write {"css": "…"}`);
    return null;
  }
  refuseUnknown(rule, RULE, `${at}.`, wrong);
  checkSelector(rule.css, `${at}.css`, wrong);
  for (const key of ["attribute", "after", "until"]) {
    const text = rule[key];
    if (text !== undefined && (typeof text !== "string" || !text || text.length > LONGEST.attribute)) {
      wrong(`${at}.${key}`, `应是不为空的文字，最多 ${LONGEST.attribute} 个字符`, `A text of at most ${LONGEST.attribute} characters`);
    } else if (text !== undefined && !ROLES[role].reads) {
      wrong(`${at}.${key}`, `「${ROLE_WORDS[role].zh}」只用来定位，不取值，请去掉 ${key}`, `Nothing is read from the ${ROLE_WORDS[role].en}: leave ${key} out`);
    }
  }
  const least = rule.at_least ?? ROLES[role].at_least;
  const most = rule.at_most === undefined ? ROLES[role].at_most : rule.at_most;
  if (!Number.isInteger(least) || least < 0) wrong(`${at}.at_least`, "最少个数应是 0 或正整数", "at_least must be 0 or a whole number above");
  if (most !== null && (!Number.isInteger(most) || most < Math.max(1, least))) {
    wrong(`${at}.at_most`, "最多个数应是正整数且不小于最少个数，不限写 null", "at_most must be a whole number not below at_least, or null");
  }
  if (rule.visible !== undefined && typeof rule.visible !== "boolean") wrong(`${at}.visible`, "只能写 true 或 false", "Must be true or false");
  const read = { css: rule.css, at_least: least, at_most: most, visible: rule.visible ?? false };
  for (const key of ["attribute", "after", "until"]) if (rule[key] !== undefined) read[key] = rule[key];
  return read;
}

function readWho(value, wrong, doubtful) {
  const who = value ?? [];
  if (!Array.isArray(who) || who.length > LONGEST.who) {
    wrong("who", `应是规则列表，最多 ${LONGEST.who} 条，例如 [{"sender": "agent", "css": ".mine"}]`, `A list of at most ${LONGEST.who} rules such as [{"sender": "agent", "css": ".mine"}]`);
    return [];
  }
  who.forEach((rule, index) => {
    const at = `who[${index}]`;
    if (!isObject(rule)) {
      wrong(at, `应写成 {"sender": "agent", "css": "…"}`, `Write {"sender": "agent", "css": "…"}`);
      return;
    }
    refuseUnknown(rule, ["sender", "css", "position"], `${at}.`, wrong);
    if (!SENDERS.includes(rule.sender)) wrong(`${at}.sender`, `谁说的只能是 ${SENDERS.join("、")}，不能是 ${show(rule.sender)}`, `sender must be one of ${SENDERS.join(", ")}`);
    if ((rule.css === undefined) === (rule.position === undefined)) {
      wrong(at, "写选择器（css）或左右位置（position）之一，不要都写或都不写", "Give either css or position");
    } else if (rule.css !== undefined) checkSelector(rule.css, `${at}.css`, wrong);
    else if (!POSITIONS.includes(rule.position)) wrong(`${at}.position`, `位置只能是 ${POSITIONS.join("、")}`, `position must be one of ${POSITIONS.join(", ")}`);
  });
  for (const sender of ["buyer", "agent"]) {
    if (value !== undefined && !who.some((rule) => rule?.sender === sender)) {
      const name = sender === "buyer" ? { zh: "买家", en: "the buyer" } : { zh: "客服", en: "the agent" };
      doubtful("who", `没有一条规则认得出${name.zh}的消息`, `No rule recognises messages of ${name.en}`);
    }
  }
  return who;
}

function readKinds(value, wrong) {
  const kinds = value ?? {};
  if (!isObject(kinds)) {
    wrong("kinds", `应写成 {"image": "选择器"}`, `Write {"image": "selector"}`);
    return {};
  }
  for (const [kind, css] of Object.entries(kinds)) {
    if (!KINDS.includes(kind)) wrong(`kinds.${kind}`, `不认识这种消息，可用的有：${KINDS.join("、")}`, `Unknown kind; known are ${KINDS.join(", ")}`);
    else checkSelector(css, `kinds.${kind}`, wrong);
  }
  return kinds;
}

function checkSelector(css, at, wrong) {
  if (typeof css !== "string" || !css.trim()) wrong(at, "选择器是空的", "The selector is empty");
  else if (css.length > LONGEST.css) wrong(at, `选择器太长，最多 ${LONGEST.css} 个字符`, `The selector has more than ${LONGEST.css} characters`);
  else if (!isSelector(css)) wrong(at, `选择器 ${show(css)} 写法不对，浏览器读不懂`, `${show(css)} is no selector that the browser understands`);
}

function refuseUnknown(value, known, prefix, wrong) {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) wrong(`${prefix}${key}`, `不认识「${key}」这一项，可能是写错了；可用的有：${known.join("、")}`, `Unknown entry; known are ${known.join(", ")}`);
  }
}

/** The same value, whatever the order of its keys. */
function isSame(one, two) {
  const sorted = (value) => JSON.stringify(value, (_, part) => (isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part));
  return sorted(one ?? {}) === sorted(two ?? {});
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
