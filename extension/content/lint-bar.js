/**
 * What was found in the draft, shown at its box: underlines, and a bar with the finding, why, and what to write instead.
 *
 * It never takes the focus, never covers the send button, and lives in a closed shadow tree, so that a page can neither read
 * nor style it. What comes from outside is text, never markup.
 */

const [{ LOOK }, { Marks }, { placeBeside, rectOf, widthBeside }, { rewrite }, { say }, { unitsOf }, { draftOf, isAt }] = await Promise.all(
  ["lint-look", "marks", "places", "ranges", "lint-words", "spans", "composer"].map((name) => import(chrome.runtime.getURL(`content/${name}.js`))),
);

const OFF = { reloaded: "core_off_reloaded", down: "core_off_down", slow: "core_off_down", refused: "core_off_refused", unpaired: "core_off_unpaired" };
const REASONS = ["lint_reason_wrong", "lint_reason_quote", "lint_reason_allowed"];
const RANK = { error: 0, warning: 1, info: 2 };
const STOPS = ["stopped", "asked"];
const FOLLOW_MS = 300;
const COMPOSING = 229;
const MAX_REASON = 200;

/**
 * The bar that `Guard` speaks to. `guard` has `sendAnyway(reason)`, and `sendButton()`, the button that the bar must leave free,
 * or null.
 */
export function createLintBar(guard) {
  return new LintBar(guard);
}

class LintBar {
  #guard;
  #host = document.createElement("div");
  #bar;
  #marks;
  #box = null;
  #verdict = null;
  #at = 0; // which of the findings is told
  #kind = null; // found, stopped, asked (for the reason), off or again
  #hidden = ""; // the findings that somebody does not want to see any more
  #offHidden = null;
  #reason = "";
  #following = null;

  constructor(guard) {
    this.#guard = guard;
    this.#host.dataset.miaohui = "bar";
    const root = this.#host.attachShadow({ mode: "closed" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(LOOK);
    root.adoptedStyleSheets = [sheet];
    const layer = root.appendChild(make("div", { class: "layer", "aria-hidden": "true" }));
    this.#marks = new Marks(layer);
    this.#bar = root.appendChild(make("div", { class: "bar", role: "region", "aria-label": say("lint_name"), "aria-live": "polite", hidden: "" }));
    // A click in the bar leaves the caret where it is, unless it goes into the reason's field.
    this.#bar.addEventListener("mousedown", (event) => event.target.localName === "input" || event.preventDefault());
    this.#bar.addEventListener("keydown", (event) => this.#onBarKey(event));
  }

  show(verdict, box) {
    const findings = inOrder(verdict.findings);
    if (findings.length === 0) {
      this.clear();
      return;
    }
    // What was stopped is told until the draft changes, though a check that typing asked for comes only now.
    if (STOPS.includes(this.#kind) && verdict.text === this.#verdict.text) return;
    const key = nameOf(findings);
    this.#take({ ...verdict, findings }, box);
    this.#marks.draw(box, verdict.text, findings);
    if (key === this.#hidden) this.#conceal();
    else this.#draw("found");
  }

  stopped(verdict, box) {
    const findings = inOrder(verdict.findings);
    this.#hidden = "";
    this.#take({ ...verdict, findings }, box);
    this.#marks.draw(box, verdict.text, findings);
    this.#draw("stopped");
  }

  off(why, box) {
    if (this.#offHidden === why) return;
    this.#take(null, box);
    this.#marks.clear();
    this.#draw("off", OFF[why] ?? OFF.down, why);
  }

  on() {
    this.#offHidden = null;
    if (this.#kind === "off") this.clear();
  }

  again(box) {
    this.#take(null, box);
    this.#draw("again");
  }

  clear() {
    this.#marks.clear();
    this.#box = this.#verdict = this.#kind = null;
    this.#following?.abort();
    this.#following = null;
    this.#host.remove();
  }

  #take(verdict, box) {
    if (verdict?.text !== this.#verdict?.text) this.#at = 0;
    this.#verdict = verdict;
    if (box === this.#box && this.#host.isConnected) return;
    this.#box = box;
    document.documentElement.append(this.#host);
    this.#follow();
  }

  #conceal() {
    this.#kind = null;
    this.#bar.hidden = true;
    delete this.#host.dataset.kind;
  }

  #draw(kind, ...more) {
    this.#kind = this.#host.dataset.kind = kind;
    const drawing = { found: this.#found, stopped: this.#stopped, asked: this.#asked, off: this.#off, again: this.#again }[kind];
    const { tone, parts } = drawing.call(this, ...more);
    const held = this.#bar.matches(":focus-within");
    this.#bar.dataset.tone = tone;
    this.#bar.replaceChildren(...parts.filter(Boolean));
    this.#bar.hidden = false;
    if (held) this.#bar.querySelector("input, button")?.focus();
    this.#place();
  }

  /* --- What is shown --- */

  #found() {
    const finding = this.#verdict.findings[this.#at];
    const change = finding.fix ?? finding.instead;
    return {
      tone: finding.severity,
      parts: [
        head(finding, say(`lint_${finding.severity}`), this.#button(say("lint_hide"), "plain", () => this.#hide())),
        ...reasons(finding),
        make("div", { class: "buttons" }, change ? this.#changeButton(finding) : null, this.#nextButton(), hint(say("lint_into_bar"))),
      ],
    };
  }

  #stopped() {
    const finding = this.#verdict.findings[this.#at];
    const change = finding.fix ?? finding.instead;
    return {
      tone: "error",
      parts: [
        head(finding, say("lint_stopped")),
        ...reasons(finding),
        make(
          "div",
          { class: "buttons" },
          change ? this.#changeButton(finding) : null,
          this.#button(say("lint_edit"), change ? "" : "main", () => this.#edit()),
          this.#nextButton(),
          make("span", { class: "grow" }),
          this.#button(say("lint_send_anyway"), "risky", () => this.#ask()),
        ),
        hint(say("lint_into_bar")),
      ],
    };
  }

  /** Why it is sent all the same: one of the usual reasons, or the agent's own words. */
  #asked() {
    const input = make("input", { type: "text", maxlength: String(MAX_REASON), "aria-label": say("lint_reason"), placeholder: say("lint_reason") });
    input.value = this.#reason;
    input.addEventListener("input", () => {
      this.#reason = input.value;
    });
    const usual = REASONS.map((name) => {
      const button = this.#button(say(name), "", () => {
        this.#reason = say(name);
        this.#draw("asked");
      });
      button.setAttribute("aria-pressed", String(this.#reason === say(name)));
      return button;
    });
    return {
      tone: "error",
      parts: [
        make("p", { class: "message", text: say("lint_reason_label") }),
        make("div", { class: "buttons" }, ...usual),
        make(
          "div",
          { class: "buttons" },
          input,
          this.#button(say("lint_confirm"), "risky", () => this.#send()),
          this.#button(say("lint_back"), "plain", () => this.#draw("stopped")),
        ),
      ],
    };
  }

  #off(name, why) {
    const close = this.#button(say("lint_hide"), "plain", () => {
      this.#offHidden = why;
      this.clear();
    });
    return {
      tone: "warning",
      parts: [make("div", { class: "head" }, make("span", { class: "badge", text: say("lint_off") }), make("span", { class: "message", text: say(name) }), close)],
    };
  }

  #again() {
    return { tone: "info", parts: [make("p", { class: "message", text: say("core_again") })] };
  }

  #button(text, kind, act, key = null) {
    const button = make("button", { type: "button", class: kind, text });
    if (key) button.append(make("kbd", { text: key }));
    button.addEventListener("click", act);
    return button;
  }

  #changeButton(finding) {
    const name = finding.fix ? "lint_fix" : "lint_instead";
    return this.#button(say(name, (finding.fix ?? finding.instead).text), "main", () => this.#change(), "Alt+Enter");
  }

  #nextButton() {
    const { length } = this.#verdict.findings;
    if (length < 2) return null;
    return this.#button(say("lint_next", this.#at + 1, length), "", () => {
      this.#at = (this.#at + 1) % length;
      this.#draw(this.#kind);
    });
  }

  /* --- What the agent does --- */

  #change() {
    const finding = this.#verdict?.findings[this.#at];
    const change = finding?.fix ?? finding?.instead;
    const { text } = this.#verdict ?? {};
    if (!change || draftOf(this.#box) !== text) return;
    rewrite(this.#box, text, unitsOf(text, change), change.text);
  }

  #edit() {
    const box = this.#box;
    this.#draw("found");
    box.focus();
  }

  #ask() {
    this.#reason = "";
    this.#draw("asked");
  }

  #send() {
    const reason = this.#reason.trim();
    this.#box.focus();
    this.#guard.sendAnyway(reason);
  }

  #hide() {
    this.#hidden = nameOf(this.#verdict.findings);
    this.#conceal();
  }

  #onBarKey(event) {
    event.stopPropagation(); // the page hears nothing of what is typed here
    if (event.isComposing || event.keyCode === COMPOSING) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.#box?.focus();
    } else if (event.key === "Enter" && event.target.localName === "input") {
      event.preventDefault();
      this.#send();
    }
  }

  #onPageKey(event) {
    if (!event.isTrusted || event.isComposing || event.keyCode === COMPOSING) return;
    if (this.#bar.hidden || !event.altKey || event.ctrlKey || event.metaKey || !isAt(event, this.#box)) return;
    if (event.key === "Enter" && this.#verdict) this.#change();
    else if (event.key === "ArrowUp") this.#bar.querySelector("button")?.focus();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /* --- Where it is --- */

  /** Stay at the box, wherever it goes. */
  #follow() {
    this.#following?.abort();
    this.#following = new AbortController();
    const { signal } = this.#following;
    const window = this.#box.ownerDocument.defaultView;
    window.addEventListener("keydown", (event) => this.#onPageKey(event), { capture: true, signal });
    for (const each of new Set([window, globalThis])) {
      each.addEventListener("scroll", () => this.#place(), { capture: true, passive: true, signal });
      each.addEventListener("resize", () => this.#place(), { passive: true, signal });
    }
    const timer = setInterval(() => this.#place(), FOLLOW_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  #place() {
    const box = this.#box;
    // A console empties its box after sending, without a word to anybody.
    if (!box?.isConnected || (this.#verdict && draftOf(box).trim() === "")) {
      this.clear();
      return;
    }
    const place = rectOf(box, globalThis);
    this.#marks.follow(place);
    if (this.#bar.hidden) return;
    const view = { width: document.documentElement.clientWidth, height: globalThis.innerHeight };
    const { style } = this.#bar;
    style.width = `${widthBeside(place, view)}px`;
    const size = this.#bar.getBoundingClientRect();
    const button = this.#guard.sendButton();
    const { left, top } = placeBeside(place, button && rectOf(button, globalThis), size, view);
    style.left = `${left}px`;
    style.top = `${top}px`;
  }
}

function head(finding, badge, ...more) {
  return make("div", { class: "head" }, make("span", { class: "badge", text: badge }), make("bdi", { class: "message", text: finding.message }), ...more);
}

function reasons(finding) {
  return [
    finding.reason ? make("p", { class: "why" }, `${say("lint_why")} `, make("bdi", { text: finding.reason })) : null,
    finding.suggestion ? make("p", { class: "advice" }, `${say("lint_advice")} `, make("bdi", { text: finding.suggestion })) : null,
  ];
}

function hint(text) {
  return make("span", { class: "hint", text });
}

function make(tag, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The gravest first. */
function inOrder(findings) {
  return [...findings].sort((one, other) => (RANK[one.severity] ?? 3) - (RANK[other.severity] ?? 3) || one.start - other.start);
}

function nameOf(findings) {
  return findings.map(({ rule, match }) => `${rule} ${match}`).join("\n");
}
