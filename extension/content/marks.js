/**
 * Underlines below what was found in a draft. In an editable element they are highlights of the browser, which leave the page's own
 * elements alone; over a field lies a copy of its text that nobody sees but for the lines. Where neither fits there are none.
 */

const { unitsOf } = await import(chrome.runtime.getURL("content/spans.js"));
const { isField } = await import(chrome.runtime.getURL("content/composer.js"));
const { rangeIn } = await import(chrome.runtime.getURL("content/ranges.js"));

const SEVERITIES = ["error", "warning", "info"];
const COPIED = [
  "font-family", "font-size", "font-weight", "font-style", "font-stretch", "font-variant", "font-feature-settings",
  "line-height", "letter-spacing", "word-spacing", "text-transform", "text-indent", "text-align", "direction", "tab-size",
  "padding-top", "padding-right", "padding-bottom", "padding-left", "word-break", "overflow-wrap", "line-break",
];

/** Draws into `layer`, an element that covers the page and takes no clicks. */
export class Marks {
  #layer;
  #box = null;
  #copy = null;

  constructor(layer) {
    this.#layer = layer;
  }

  /** Underline the findings of `text`, which stands in the box. */
  draw(box, text, findings) {
    this.clear();
    if (findings.length === 0) return;
    this.#box = box;
    if (isField(box)) this.#copy = copyOf(box, text, findings);
    else highlight(box, text, findings);
    if (this.#copy) {
      this.#layer.append(this.#copy);
      this.follow();
    }
  }

  /** Move the lines to where the box is now; `rect` is its place in the page. */
  follow(rect = this.#box?.getBoundingClientRect()) {
    if (!this.#copy || !rect) return;
    const box = this.#box;
    const style = this.#copy.style;
    style.left = `${rect.left + box.clientLeft}px`;
    style.top = `${rect.top + box.clientTop}px`;
    style.width = `${box.clientWidth}px`;
    style.height = `${box.clientHeight}px`;
    this.#copy.firstChild.style.transform = `translate(${-box.scrollLeft}px, ${-box.scrollTop}px)`;
  }

  clear() {
    this.#copy?.remove();
    this.#copy = null;
    if (this.#box && !isField(this.#box)) {
      const { highlights } = this.#box.ownerDocument.defaultView.CSS;
      for (const severity of SEVERITIES) highlights?.delete(`miaohui-${severity}`);
    }
    this.#box = null;
  }
}

function highlight(box, text, findings) {
  const window = box.ownerDocument.defaultView;
  if (!window.CSS.highlights) return;
  for (const severity of SEVERITIES) {
    const ranges = findings
      .filter((finding) => finding.severity === severity)
      .map((finding) => rangeIn(box, text, unitsOf(text, finding)))
      .filter((range) => range !== null);
    if (ranges.length > 0) window.CSS.highlights.set(`miaohui-${severity}`, new window.Highlight(...ranges));
  }
}

function copyOf(box, text, findings) {
  const copy = document.createElement("div");
  copy.className = "copy";
  const inner = copy.appendChild(document.createElement("div"));
  const look = box.ownerDocument.defaultView.getComputedStyle(box);
  for (const name of COPIED) inner.style.setProperty(name, look.getPropertyValue(name));
  inner.style.whiteSpace = box.localName === "input" ? "pre" : "pre-wrap";
  let at = 0;
  for (const finding of [...findings].sort((one, other) => one.start - other.start)) {
    const [start, end] = unitsOf(text, finding);
    if (start < at) continue; // lines do not lie on one another
    const mark = document.createElement("span");
    mark.className = `mark ${SEVERITIES.includes(finding.severity) ? finding.severity : "info"}`;
    mark.textContent = text.slice(start, end);
    inner.append(text.slice(at, start), mark);
    at = end;
  }
  inner.append(text.slice(at));
  return copy;
}
