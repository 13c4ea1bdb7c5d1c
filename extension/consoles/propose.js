/**
 * Proposes selectors for elements that somebody points at on a console's page.
 *
 * Runs in the page as a content script does. A proposal prefers what a page's makers named on purpose (ids, data attributes,
 * roles, speaking class names) to what a build made up (`css-1x8kq2`) and to states (`active`, `hover`).
 */
const { findAll, findOne, valueOf, textOf, shadowOf } = await import(chrome.runtime.getURL("consoles/query.js"));

const STATE_WORDS = /^(?:is-|has-)?(?:active|actived|hover|hovered|focus|focused|selected|current|checked|disabled|open|opened|visible|hidden|show|shown|last|first|new|unread|read|loading|ng-\S+|v-\S+)$/iu;
const OPEN_WORDS = /(?:^|[-_])(?:active|actived|selected|current|checked|open|opened|on|focus|focused)(?:$|[-_])/iu;
const AGENT_WORDS = /(?:^|[-_\s])(?:me|my|mine|ismine|isme|messageisme|self|own|agent|seller|staff|service|kefu|cs|right|out|outgoing|sent|send|reply|host|operator)(?:$|[-_\s])/iu;
const BUYER_WORDS = /(?:^|[-_\s])(?:buyer|customer|guest|user|client|visitor|them|other|others|notme|messagenotme|left|in|incoming|received|receive|peer|from)(?:$|[-_\s])/iu;
const ID_NAMES = /(?:^|-)(?:id|mid|msgid|uid|uuid|key|no|seq|buyer|user|customer)$/iu;
const ID_PARAMETER = /[?&#/]((?:uid|user_?id|buyer(?:_?id)?|customer(?:_?id)?|cid|jid|to|session(?:_?id)?|conversation(?:_?id)?)=)[^&]/iu;
const NAMING = ["data-testid", "data-test-id", "data-qa", "data-qa-id", "data-role", "data-name", "data-type", "name", "role", "type", "placeholder", "aria-label", "contenteditable"];

/** A word that a build tool made up: letters and digits mixed, or a hash behind a dash. */
export function isMadeUp(word) {
  if (/^(?:css|sc|jss|jsx|emotion|style|styled)-/iu.test(word)) return true;
  const tail = word.split(/[-_]{1,2}/u).at(-1);
  if (/^[0-9a-f]{5,}$/iu.test(tail) && /\d/u.test(tail)) return true;
  if (tail.length < 5) return false;
  const mixed = /\d/u.test(tail) && /[a-z]/iu.test(tail) && !/^[a-z]+\d{1,2}$/iu.test(tail);
  return mixed || (/[a-z][A-Z][a-z]?[A-Z]/u.test(tail) && !/[a-z]{3}/u.test(tail));
}

/** The class names of an element that are worth relying on. */
export function namesOf(element) {
  return [...element.classList].filter((name) => !isMadeUp(name) && !STATE_WORDS.test(name));
}

/** A selector that finds this one element in the whole page, stepping into frames and shadow trees; the shortest that is stable. */
export function selectorOf(element) {
  const root = element.getRootNode();
  const inRoot = uniqueIn(root, element);
  const outer = hostOf(root);
  return outer ? `${selectorOf(outer)} >>> ${inRoot}` : inRoot;
}

/**
 * All that two messages tell: one of the buyer and one of the agent, each pointed at by its words.
 *
 * Gives `{selectors: {message_list, message, message_text, message_id?, message_time?}, who}`, or null where the two have no list in
 * common.
 */
export function proposeMessages(buyerWords, agentWords) {
  const spots = liftedToOneRoot(buyerWords, agentWords);
  const list = spots && commonAncestor(...spots);
  if (!list || spots.includes(list)) return null;
  const children = spots.map((spot) => childOf(list, spot));
  const textCss = wordsSelector(children, spots, [...list.children]);
  const rows = spots.map((spot, index) => messageAround(spot, children[index], textCss));
  const grouped = rows.some((row, index) => row !== children[index]);
  const listCss = selectorOf(list);
  const prefix = listCss.includes(">>>") ? `${listCss.slice(0, listCss.lastIndexOf(">>>") + 3)} ` : "";
  const rowCss = rowSelector(list, rows);
  const messageCss = `${listCss.slice(prefix.length)} ${grouped ? "" : "> "}${rowCss}`;
  const all = findAll(list.getRootNode(), messageCss);
  const selectors = {
    message_list: { css: listCss },
    message: { css: prefix + messageCss },
    message_text: { css: wordsSelector(rows, spots, all) + (spots[0] === buyerWords ? "" : ` >>> ${selectorInside(spots[0], buyerWords)}`) },
  };
  const spoken = all.filter((row) => findOne(row, selectors.message_text));
  const id = idRule(spoken);
  if (id) selectors.message_id = id;
  const time = timeRule(rows, selectors.message_text);
  if (time) selectors.message_time = time;
  return { selectors, who: proposeWho(rows, spoken, list, rowCss) };
}

/** What the entry of the open conversation in the list tells: list, entries, which one is open, ids and names. */
export function proposeList(pointed) {
  const entry = entryOf(pointed);
  if (!entry) return null;
  const list = entry.parentElement;
  const listCss = selectorOf(list);
  const prefix = listCss.includes(">>>") ? `${listCss.slice(0, listCss.lastIndexOf(">>>") + 3)} ` : "";
  const entryCss = `${listCss.slice(prefix.length)} > ${rowSelector(list, [entry])}`;
  const entries = findAll(entry.getRootNode(), entryCss);
  const selectors = { conversation_list: { css: listCss }, conversation_item: { css: prefix + entryCss } };
  const open = openMark(entry, entries);
  if (open) selectors.conversation_open = { css: `${prefix}${entryCss}${open}`, at_least: 0 };
  const id = idRule(entries);
  if (id && open) selectors.item_buyer_id = id;
  const name = pointed === entry ? null : relativeSelector(entry, pointed, entries);
  if (name && textOf(pointed)) selectors.item_buyer_name = { css: name };
  return selectors;
}

/**
 * Where the open buyer's id may be read: the address of the page that holds the element, or of a page around it, if it has a
 * parameter of such a name; or null.
 */
export function proposeIdFromAddress(element) {
  for (let page = element.ownerDocument; page; page = hostOf(page)?.ownerDocument) {
    const { search, hash } = page.location;
    const found = ID_PARAMETER.exec(`${search}${hash}`);
    if (found) return { css: selectorOf(page.documentElement), attribute: "@address", after: found[1], until: "&" };
  }
  return null;
}

/** The box that is typed in: the nearest editable element around or inside what was pointed at. */
export function composerAt(pointed) {
  const editable = (element) => element.matches("textarea, input:not([type=button]):not([type=submit]):not([type=checkbox]):not([type=radio])") || (element.isContentEditable && !element.parentElement?.isContentEditable);
  for (let element = pointed; element; element = element.parentElement) if (editable(element)) return element;
  return [...pointed.querySelectorAll("textarea, input, [contenteditable]")].find(editable) ?? pointed;
}

/** The whole button of what was pointed at, such as the picture on it. */
export function buttonAt(pointed) {
  const button = pointed.closest("button, [role=button], a, input[type=submit], input[type=button]");
  if (button) return button;
  let element = pointed;
  while (element.namespaceURI !== "http://www.w3.org/1999/xhtml" && element.parentElement) element = element.parentElement;
  return element;
}

function uniqueIn(root, element) {
  const finds = (css) => {
    const found = root.querySelectorAll(css);
    return found.length === 1 && found[0] === element;
  };
  if (element === element.ownerDocument.documentElement) return ":root";
  const own = simpleSelectors(element);
  const telling = element.localName.includes("-") || /^(?:main|textarea)$/u.test(element.localName) ? own : own.slice(0, -1);
  const alone = telling.find(finds);
  if (alone) return alone;
  for (let parent = element.parentElement, steps = 0; parent && steps < 6; parent = parent.parentElement, steps += 1) {
    for (const around of simpleSelectors(parent).slice(0, 6)) {
      const found = own.slice(0, 8).map((css) => `${around} ${css}`).find(finds);
      if (found) return found;
    }
  }
  return pathTo(root, element);
}

/** Selectors of one element by what it bears itself, the most telling first. */
function simpleSelectors(element) {
  const tag = element.localName;
  const found = [];
  const id = element.id;
  if (id && !isMadeUp(id) && !/\d{3,}/u.test(id)) found.push(`#${CSS.escape(id)}`);
  for (const name of NAMING) {
    const value = element.getAttribute(name);
    if (value && value.length <= 40 && !/\d{3,}/u.test(value)) found.push(`${tag}[${name}="${CSS.escape(value)}"]`);
  }
  const names = namesOf(element);
  found.push(...names.map((name) => `${tag}.${CSS.escape(name)}`));
  if (names.length > 1) found.push(tag + names.map((name) => `.${CSS.escape(name)}`).join(""));
  if (element.hasAttribute("contenteditable")) found.push(`${tag}[contenteditable]`);
  found.push(tag);
  return found;
}

function pathTo(root, element) {
  const steps = [];
  for (let at = element; at && at !== root; at = at.parentElement) {
    const named = at === element ? undefined : simpleSelectors(at).slice(0, -1).find((css) => root.querySelectorAll(css).length === 1);
    if (named) return [named, ...steps].join(" > ");
    const same = at.parentElement ? [...at.parentElement.children].filter((child) => child.localName === at.localName) : [at];
    steps.unshift(same.length > 1 ? `${at.localName}:nth-of-type(${same.indexOf(at) + 1})` : at.localName);
  }
  return steps.join(" > ");
}

/** What all rows given have in common, so that it fits their brothers, too. */
function rowSelector(list, rows) {
  const [first] = rows;
  const tag = rows.every((row) => row.localName === first.localName) ? first.localName : "*";
  const shared = namesOf(first).filter((name) => rows.every((row) => row.classList.contains(name)));
  const among = (css) => [...list.children].filter((child) => child.matches(css)).length;
  const byClass = shared.map((name) => `${tag === "*" ? "" : tag}.${CSS.escape(name)}`).sort((a, b) => among(b) - among(a));
  if (byClass.length > 0) return byClass[0];
  const byData = [...first.attributes].map(({ name }) => name).find((name) => name.startsWith("data-") && rows.every((row) => row.hasAttribute(name)));
  if (byData) return `${tag === "*" ? "" : tag}[${byData}]`;
  return tag;
}

/** The largest element around the words that holds no other words: one message, even where several stand in a group. */
function messageAround(words, child, textCss) {
  if (textCss === ":scope" || child.querySelectorAll(textCss).length <= 1) return child;
  let row = words;
  while (row.parentElement !== child && row.parentElement.querySelectorAll(textCss).length <= 1) row = row.parentElement;
  return row;
}

function wordsSelector(rows, words, all) {
  if (rows.some((row, index) => row === words[index])) return ":scope";
  const [one, two] = words.map((element, index) => chain(element, rows[index]));
  for (const element of one) {
    for (const css of simpleSelectors(element).slice(0, -1)) {
      if (two.some((other) => other.matches(css)) && rows.every((row, index) => findsAround(row, css, words[index]))) return css;
    }
  }
  const each = words.map((element, index) => relativeSelector(rows[index], element, all));
  return [...new Set(each)].join(", ");
}

function findsAround(row, css, words) {
  return [...row.querySelectorAll(css)].some((element) => element.contains(words));
}

/** A selector that finds the element inside its row, by its name if it has one, else by its place. */
function relativeSelector(row, element, rows) {
  const named = chain(element, row)
    .flatMap((each) => simpleSelectors(each).slice(0, -1))
    .find((css) => row.querySelector(css)?.contains(element) && rows.filter((other) => other.querySelector(css)).length >= Math.min(2, rows.length));
  if (named) return named;
  if (row.querySelectorAll(element.localName).length === 1) return element.localName;
  const steps = [];
  for (let at = element; at !== row; at = at.parentElement) {
    steps.unshift(`${at.localName}:nth-child(${[...at.parentElement.children].indexOf(at) + 1})`);
  }
  return `:scope > ${steps.join(" > ")}`;
}

/** An attribute that differs from row to row and is no mere position. */
function idRule(rows) {
  if (rows.length === 0) return null;
  const [first] = rows;
  const places = [[":scope", first], ...[...first.querySelectorAll("*")].slice(0, 40).map((element) => [null, element])];
  const rules = [];
  for (const [scope, element] of places) {
    for (const { name } of element.attributes) {
      if (name !== "id" && name !== "jid" && !name.startsWith("data-") && !ID_NAMES.test(name)) continue;
      const css = scope ?? `[${name}]`;
      const rule = { css, attribute: name };
      const values = rows.map((row) => read(row, rule));
      if (values.some((value) => !value) || new Set(values).size < values.length || isPosition(values)) continue;
      rules.push({ rule, score: (ID_NAMES.test(name) ? 2 : 0) + (scope ? 1 : 0) });
    }
  }
  rules.sort((a, b) => b.score - a.score);
  return rules[0]?.rule ?? null;
}

function isPosition(values) {
  if (values.length < 2) return !/\d{4,}|[a-z]/iu.test(values[0]);
  const tails = values.map((value) => /(\d+)$/u.exec(value));
  return tails.every((tail, index) => tail && Number(tail[1]) < 10_000 && Number(tail[1]) - Number(tails[0][1]) === index && Number(tails[0][1]) <= 1);
}

function timeRule(rows, textRule) {
  for (const row of rows) {
    const words = findOne(row, textRule);
    for (const element of row.querySelectorAll("*")) {
      if (words?.contains(element) || element.contains(words)) continue;
      const stamp = ["datetime", "data-time", "data-timestamp", "timestamp", "title"].find((name) => /\d{1,2}:\d{2}|^\d{10}(?:\d{3})?$/u.test(element.getAttribute(name) ?? ""));
      const text = element.childElementCount === 0 ? textOf(element) : "";
      if (!stamp && !/^\D{0,12}(?:\d{4}[-/年]\d{1,2}[-/月]\d{1,2}日?\s*)?\d{1,2}:\d{2}(?::\d{2})?$/u.test(text)) continue;
      const css = simpleSelectors(element).find((each) => row.querySelector(each) === element);
      if (css) return stamp ? { css, attribute: stamp } : { css };
    }
  }
  return null;
}

function proposeWho([buyerRow, agentRow], rows, list, rowCss) {
  const ofBuyer = marksAround(buyerRow, list, rowCss).filter((css) => !fits(agentRow, css));
  const ofAgent = marksAround(agentRow, list, rowCss).filter((css) => !fits(buyerRow, css));
  const best = (marks, others, words) =>
    marks
      .map((css) => ({ css, score: rows.filter((row) => fits(row, css)).length + (words.test(css.replace(/[^a-z]+/giu, " ")) ? rows.length : 0) - (others.some((other) => rows.some((row) => fits(row, css) && fits(row, other))) ? 1 : 0) }))
      .sort((a, b) => b.score - a.score)[0]?.css;
  const buyer = best(ofBuyer, ofAgent, BUYER_WORDS);
  const agent = best(ofAgent, ofBuyer, AGENT_WORDS);
  const known = rows.filter((row) => (buyer && fits(row, buyer)) || (agent && fits(row, agent))).length;
  if (buyer && agent && known * 10 >= rows.length * 7) {
    return [{ sender: "agent", css: agent }, { sender: "buyer", css: buyer }];
  }
  if (agent) return [{ sender: "agent", css: agent }, { sender: "buyer", position: "left" }];
  if (buyer) return [{ sender: "buyer", css: buyer }, { sender: "agent", position: "right" }];
  return [{ sender: "buyer", position: "left" }, { sender: "agent", position: "right" }];
}

/** The marks of a row, and of the groups that it stands in. */
function marksAround(row, list, rowCss) {
  const marks = marksOf([row, ...row.querySelectorAll("*")].slice(0, 60));
  for (let group = row.parentElement; group && group !== list; group = group.parentElement) {
    marks.push(...marksOf([group]).map((css) => `${css} ${rowCss}`));
  }
  return [...new Set(marks)];
}

/** Selectors of everything that elements bear and that could tell whose a message is. */
function marksOf(elements) {
  const marks = [];
  for (const element of elements) {
    marks.push(...[...element.classList].filter((name) => !isMadeUp(name) && !/^(?:active|hover|focus|last|first|new|unread|read)$/iu.test(name)).map((name) => `.${CSS.escape(name)}`));
    for (const { name, value } of element.attributes) {
      if (!/^(?:class|style|id|src|href|alt|title|role|tabindex|draggable|width|height|lang)$/u.test(name) && !name.startsWith("aria-") && value && value.length <= 24 && !/\d{3,}/u.test(value) && !/\s/u.test(value)) marks.push(`[${name}="${CSS.escape(value)}"]`);
    }
    const justify = element.style?.justifyContent || element.style?.flexDirection || element.style?.textAlign || element.style?.float;
    if (justify) marks.push(`[style*="${CSS.escape(justify)}"]`);
  }
  return marks;
}

function openMark(entry, entries) {
  const others = entries.filter((other) => other !== entry);
  const alone = (css) => others.every((other) => !other.matches(css));
  for (const css of ["[aria-selected=\"true\"]", "[aria-current]", "[data-active=\"true\"]", "[data-selected=\"true\"]"]) {
    if (entry.matches(css) && alone(css)) return css;
  }
  const names = [...entry.classList].filter((name) => alone(`.${CSS.escape(name)}`));
  const name = names.find((each) => OPEN_WORDS.test(each)) ?? (others.length > 0 ? names[0] : undefined);
  if (name) return `.${CSS.escape(name)}`;
  const inside = [...entry.querySelectorAll("*")].flatMap((element) => [...element.classList]).find((each) => OPEN_WORDS.test(each) && others.every((other) => !other.querySelector(`.${CSS.escape(each)}`)));
  return inside ? `:has(.${CSS.escape(inside)})` : null;
}

/** The entry of a list around an element: the nearest ancestor whose brothers look alike. */
function entryOf(pointed) {
  for (let element = pointed; element.parentElement && element.parentElement !== element.ownerDocument.body; element = element.parentElement) {
    const brothers = [...element.parentElement.children].filter((other) => other !== element && other.localName === element.localName);
    const names = namesOf(element);
    const alike = brothers.filter((other) => names.length === 0 || names.some((name) => other.classList.contains(name)));
    if (alike.length > 0 && alike.length >= brothers.length / 2 && /^(?:li|tr|a|article|section|div|button)$/u.test(element.localName) && textOf(element) && element.childElementCount > 0) return element;
    if (/^(?:li|tr)$/u.test(element.localName)) return element;
  }
  return null;
}

function fits(row, css) {
  return row.matches(css) || row.querySelector(css) !== null;
}

function read(row, rule) {
  const element = findOne(row, rule);
  return element ? valueOf(element, rule) : "";
}

function chain(element, top) {
  const elements = [];
  for (let at = element; at && at !== top; at = at.parentElement) elements.push(at);
  return elements;
}

/** Messages that are each a shadow tree of their own: the hosts that share a root with each other; null where there are none. */
function liftedToOneRoot(one, two) {
  for (let left = one; left; left = hostOf(left.getRootNode())) {
    for (let right = two; right; right = hostOf(right.getRootNode())) {
      if (left.getRootNode() === right.getRootNode()) return left === right ? null : [left, right];
    }
  }
  return null;
}

/** From a host, the selector of something in its shadow tree, stepping further in where need be. */
function selectorInside(host, element) {
  const steps = [];
  for (let at = element; at !== host; at = hostOf(at.getRootNode())) steps.unshift(uniqueIn(at.getRootNode(), at));
  return steps.join(" >>> ");
}

function commonAncestor(one, two) {
  for (let at = one; at; at = at.parentElement) if (at.contains(two)) return at;
  return null;
}

function childOf(list, element) {
  let at = element;
  while (at.parentElement !== list) at = at.parentElement;
  return at;
}

/** The element that a root hangs on: the host of a shadow tree, the frame of a document; null at the top. */
function hostOf(root) {
  if (root.host) return root.host;
  try {
    return root.defaultView?.frameElement ?? null;
  } catch {
    return null;
  }
}

/** The innermost element that is drawn at a point of the window, inside frames and shadow trees. */
export function elementAt(root, x, y) {
  const found = root.elementFromPoint(x, y);
  if (!found) return null;
  const shadow = shadowOf(found);
  if (shadow) {
    const inside = elementAt(shadow, x, y);
    return inside && inside !== found ? inside : found;
  }
  if (found.localName === "iframe" || found.localName === "frame") {
    const box = found.getBoundingClientRect();
    try {
      return (found.contentDocument && elementAt(found.contentDocument, x - box.left - found.clientLeft, y - box.top - found.clientTop)) ?? found;
    } catch {
      return found;
    }
  }
  return found;
}
