/**
 * Finds the parts of a console in a page.
 *
 * A selector is CSS; ` >>> ` between two selectors steps into what the first one finds: a frame of the same site, or a shadow
 * tree, closed ones too where the browser lets extensions in. `:scope` alone is the element that is searched.
 */

const STEP = />>>/u;

/** Can the browser read this selector? Without a page (in a service worker) only its steps are looked at. */
export function isSelector(css) {
  const steps = css.split(STEP).map((step) => step.trim());
  if (steps.some((step) => !step)) return false;
  if (typeof document === "undefined") return true;
  const nowhere = document.createDocumentFragment();
  return steps.every((step) => {
    try {
      nowhere.querySelector(step);
      return true;
    } catch {
      return false;
    }
  });
}

/** All elements that the selector finds in a document, a shadow root or an element, in page order. */
export function findAll(root, css) {
  const steps = css.split(STEP).map((step) => step.trim());
  let roots = [root];
  steps.forEach((step, index) => {
    const found = roots.flatMap((each) => select(each, step));
    roots = index === steps.length - 1 ? found : found.flatMap((element) => insideOf(element));
  });
  return roots;
}

/** The elements of a part: as `findAll`, without hidden ones where its rule says so. */
export function findPart(root, rule) {
  const found = findAll(root, rule.css);
  return rule.visible ? found.filter(isVisible) : found;
}

/** The first of them, or null. */
export function findOne(root, rule) {
  return findPart(root, rule)[0] ?? null;
}

/**
 * The value that a rule takes from an element: an attribute, the page's address (`@address`) or the text; then what stands after
 * `after` and before `until`. An empty text where there is none.
 */
export function valueOf(element, rule) {
  let value = rule.attribute === undefined ? textOf(element) : attributeOf(element, rule.attribute);
  if (rule.after !== undefined) {
    const at = value.indexOf(rule.after);
    value = at < 0 ? "" : value.slice(at + rule.after.length);
  }
  if (rule.until !== undefined) {
    const at = value.indexOf(rule.until);
    if (at >= 0) value = value.slice(0, at);
  }
  return value.trim();
}

/** What a person reads in an element: text with its line breaks, and pictures by their alternative text. */
export function textOf(element) {
  const pieces = [];
  collect(element, pieces);
  return pieces
    .join("")
    .replaceAll("\u00a0", " ")
    .replace(/[ \t\r\f]*\n[ \t\r\f]*/gu, "\n")
    .replace(/\n{3,}/gu, "\n\n")
    .trim();
}

/** Who spoke: the sender of the first rule that fits the message, or null. */
export function senderOf(message, definition) {
  for (const rule of definition.who) {
    if (rule.css === undefined ? positionOf(message, definition) === rule.position : fitsMessage(message, rule.css)) return rule.sender;
  }
  return null;
}

/** What kind of message it is; "text" unless a rule says otherwise. */
export function kindOf(message, definition) {
  for (const [kind, css] of Object.entries(definition.kinds)) if (fitsMessage(message, css)) return kind;
  return "text";
}

/**
 * Where the bubble stands between the edges of the list of messages: "left", "right" or "middle"; null where nothing is drawn.
 * Up to 8 px more on one side still count as the middle.
 */
export function positionOf(message, definition) {
  const { message_text: words } = definition.selectors;
  const bubble = drawnBox((words && findOne(message, words)) ?? message);
  const list = listAround(message, definition);
  if (!bubble || !list?.clientWidth) return null;
  const start = list.getBoundingClientRect().left + list.clientLeft;
  const left = bubble.left - start;
  const right = start + list.clientWidth - bubble.right;
  if (Math.abs(left - right) <= 8) return "middle";
  return left < right ? "left" : "right";
}

function listAround(message, definition) {
  const css = definition.selectors.message_list?.css.split(STEP).at(-1).trim();
  return (css && message.closest(css)) || message.parentElement;
}

function drawnBox(element) {
  // A block may be as wide as its row while its words stand at one side: the words are what a reader sees.
  const words = element.ownerDocument.createRange();
  words.selectNodeContents(element);
  const box = words.getBoundingClientRect();
  const fallback = element.getBoundingClientRect();
  if (box.width > 0) return box;
  return fallback.width > 0 ? fallback : null;
}

function fitsMessage(message, css) {
  return (!STEP.test(css) && message.matches(css)) || findAll(message, css).length > 0;
}

function select(root, step) {
  if (step === ":scope" && root.nodeType === Node.ELEMENT_NODE) return [root];
  return [...root.querySelectorAll(step)];
}

function insideOf(element) {
  if (element.localName === "iframe" || element.localName === "frame") {
    try {
      return element.contentDocument ? [element.contentDocument] : [];
    } catch {
      return [];
    }
  }
  const shadow = shadowOf(element);
  return shadow ? [shadow] : [];
}

/** The shadow tree of an element, closed ones too where the browser lets extensions in; or null. */
export function shadowOf(element) {
  if (element.shadowRoot) return element.shadowRoot;
  try {
    return globalThis.chrome?.dom?.openOrClosedShadowRoot?.(element) ?? null;
  } catch {
    return null;
  }
}

function isVisible(element) {
  return element.getClientRects().length > 0;
}

function attributeOf(element, name) {
  if (name === "@address") return element.ownerDocument.location?.href ?? "";
  return element.getAttribute(name) ?? "";
}

const BLOCKS = new Set(["address", "article", "blockquote", "dd", "div", "dl", "dt", "li", "ol", "p", "pre", "section", "table", "tr", "ul"]);
const UNREAD = new Set(["script", "style", "template", "noscript", "svg"]);

function collect(node, pieces) {
  if (node.nodeType === Node.TEXT_NODE) {
    const keepsBreaks = node.parentElement && /^pre/u.test(getComputedStyle(node.parentElement).whiteSpace);
    pieces.push(keepsBreaks ? node.data : node.data.replace(/\s+/gu, " "));
    return;
  }
  if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) return;
  const name = node.localName ?? "";
  if (UNREAD.has(name)) return;
  if (name === "br") pieces.push("\n");
  else if (name === "img") pieces.push(node.getAttribute("alt") ?? "");
  else {
    const block = BLOCKS.has(name);
    if (block && pieces.length > 0) pieces.push("\n");
    for (const child of (node.nodeType === Node.ELEMENT_NODE && shadowOf(node)?.childNodes) || node.childNodes) collect(child, pieces);
    if (block) pieces.push("\n");
  }
}
