/**
 * Stops a text that must not be said, at the send key and at the send button, and lets everything else pass.
 *
 * It fails open: where nobody could check the text in time, it goes as the agent sent it, and the bar says that checking is off.
 */

const { ask, isAlive } = await import(chrome.runtime.getURL("content/link.js"));
const { draftOf, isAt } = await import(chrome.runtime.getURL("content/composer.js"));

/** The pause in typing after which a draft is checked. */
const PAUSE_MS = 60;
/** So long a draft may wait for its verdict when it is sent. */
const PATIENCE_MS = 1_500;
/** After nobody answered, drafts pass without waiting for so long. */
const OFF_MS = 5_000;
/** So long a page may take to empty its box. */
const SENT_MS = 300;
const TYPING_MS = 3_000;
const VERDICTS = 50;
/** While an input method composes, keys are its own. */
const COMPOSING = 229;
const PRESSES = ["pointerdown", "mousedown", "pointerup", "mouseup"];

/**
 * `where()` gives `{definition, session, composer, sendButton, earlier}` as of now, or null where no conversation is open.
 *
 * `bar` shows what is found: `show(verdict, box)` while the agent types, `stopped(verdict, box)` when a text was stopped,
 * `off(why, box)` when nobody checks ("down", "refused", "unpaired", "slow" or "reloaded"), `on()` when somebody does again,
 * `again(box)` when the agent must send once more, `clear()` when the box is empty.
 * A verdict is `{text, findings, blocked, offline, why}`.
 */
export class Guard {
  #where;
  #bar;
  #verdicts = new Map();
  #asked = new Map();
  #windows = new WeakSet();
  #pause = 0;
  #offUntil = 0;
  #typedAt = 0;
  #passed = null;
  #stopped = null;
  #held = null;
  #ended = new AbortController();

  constructor(where, bar) {
    this.#where = where;
    this.#bar = bar;
  }

  /** Listen in the windows of the box and the button; again for windows that are new. */
  attend() {
    const parts = this.#where();
    for (const part of [parts?.composer, parts?.sendButton]) {
      const window = part?.ownerDocument.defaultView;
      if (!window || this.#windows.has(window)) continue;
      this.#windows.add(window);
      const options = { capture: true, signal: this.#ended.signal };
      window.addEventListener("keydown", (event) => this.#onKey(event), options);
      window.addEventListener("click", (event) => this.#onClick(event), options);
      window.addEventListener("input", (event) => this.#onInput(event), options);
      // What an input method puts in is told while it composes; that it is done is told by this.
      window.addEventListener("compositionend", (event) => this.#onInput(event), options);
      for (const press of PRESSES) window.addEventListener(press, (event) => this.#onPress(event), options);
    }
  }

  /** Let go of the page. */
  end() {
    this.#ended.abort();
    clearTimeout(this.#pause);
    this.#bar.clear();
  }

  /** The verdict on what stands in the box, asked for if it is not known; null where there is nothing to check. */
  async verdict() {
    const parts = this.#where();
    const text = parts?.composer ? draftOf(parts.composer) : "";
    return text.trim() === "" ? null : this.#check(text, parts);
  }

  /** Send the text that was stopped all the same; it is recorded with what was found, and why if the agent says so. */
  async sendAnyway(reason) {
    const stopped = this.#stopped;
    const parts = this.#where();
    if (stopped === null || !parts?.composer || draftOf(parts.composer) !== stopped.verdict.text) return;
    const { text, findings } = stopped.verdict;
    this.#passed = text;
    this.#stopped = null;
    const { definition, session } = parts;
    await ask({ type: "draft/override", console: definition.id, session, text, findings, reason }, PATIENCE_MS);
    this.#bar.clear();
    this.#repeat(stopped.repeat, parts.composer, text);
  }

  #onInput(event) {
    const parts = this.#where();
    if (!parts?.composer || !isAt(event, parts.composer)) return;
    clearTimeout(this.#pause);
    this.#passed = null;
    this.#stopped = null;
    const text = draftOf(parts.composer);
    if (text.trim() === "") {
      this.#bar.clear();
      return;
    }
    if (!isAlive()) {
      this.#stepAside(parts.composer);
      return;
    }
    if (!event.isComposing) this.#pause = setTimeout(() => this.#look(text), PAUSE_MS);
    if (Date.now() - this.#typedAt > TYPING_MS) {
      this.#typedAt = Date.now();
      ask({ type: "draft/typing", console: parts.definition.id, session: parts.session });
    }
  }

  async #look(text) {
    const parts = this.#where();
    if (!parts?.composer || draftOf(parts.composer) !== text) return;
    const verdict = await this.#check(text, parts);
    if (!verdict.offline && this.#stopped === null && draftOf(parts.composer) === text) this.#bar.show(verdict, parts.composer);
  }

  #onKey(event) {
    if (!event.isTrusted || event.isComposing || event.keyCode === COMPOSING) return;
    const parts = this.#where();
    if (!parts?.composer || !isSendKey(event, parts.definition.send_key) || !isAt(event, parts.composer)) return;
    const path = event.composedPath();
    const target = path.includes(parts.composer) ? path[0] : parts.composer; // a closed shadow tree tells only of its host
    const { ctrlKey, metaKey } = event;
    this.#decide(event, parts, () => pressEnter(target, { ctrlKey, metaKey }));
  }

  #onClick(event) {
    if (!event.isTrusted) return;
    const parts = this.#where();
    if (!parts?.composer || !parts.sendButton || !isAt(event, parts.sendButton)) return;
    this.#decide(event, parts, () => parts.sendButton.click());
  }

  /** Some consoles send when the button is pressed, not when it is let go. */
  #onPress(event) {
    if (!event.isTrusted || !isAlive()) return;
    const parts = this.#where();
    if (!parts?.composer || !parts.sendButton || !isAt(event, parts.sendButton)) return;
    const text = draftOf(parts.composer);
    if (this.#verdicts.get(nameOf(text, parts))?.blocked && this.#passed !== text) event.stopImmediatePropagation();
  }

  async #decide(event, parts, repeat) {
    const box = parts.composer;
    const text = draftOf(box);
    if (text.trim() === "" || text === this.#passed) return;
    if (!isAlive()) {
      this.#stepAside(box);
      return;
    }
    clearTimeout(this.#pause);
    const known = this.#verdicts.get(nameOf(text, parts));
    const unheld = known ? !known.blocked : Date.now() < this.#offUntil;
    if (unheld) {
      this.#tidy(box);
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.#held === text) return;
    this.#held = text;
    const verdict = known ?? (await this.#check(text, parts));
    if (this.#held === text) this.#held = null;
    // Meanwhile the agent may have written something else, or turned to another buyer.
    if (draftOf(box) !== text || this.#where()?.session !== parts.session) return;
    if (verdict.blocked) {
      this.#stopped = { verdict, repeat };
      this.#bar.stopped(verdict, box);
    } else this.#repeat(repeat, box, text);
  }

  /** A page that has sent a text empties its box without a word: what was found in it is gone, too. */
  #tidy(box) {
    setTimeout(() => {
      if (draftOf(box).trim() === "" && Date.now() >= this.#offUntil) this.#bar.clear();
    }, SENT_MS);
  }

  /** The extension is gone or another version of it is here: from now on the page is on its own. */
  #stepAside(box) {
    this.#ended.abort();
    this.#bar.off("reloaded", box);
  }

  /** What the agent did was held back; do it now. A page may take only what comes from a person: then say so. */
  #repeat(repeat, box, text) {
    repeat();
    this.#tidy(box);
    setTimeout(() => {
      if (box.isConnected && draftOf(box) === text) this.#bar.again(box);
    }, PATIENCE_MS);
  }

  #check(text, parts) {
    const name = nameOf(text, parts);
    const known = this.#verdicts.get(name) ?? this.#asked.get(name);
    if (known) return known;
    const asking = this.#ask(text, parts).finally(() => this.#asked.delete(name));
    this.#asked.set(name, asking);
    return asking;
  }

  async #ask(text, parts) {
    const { definition, session, composer, earlier } = parts;
    const answer = await ask({ type: "draft/check", console: definition.id, session, text, earlier }, PATIENCE_MS);
    const verdict = { text, ...(answer ?? { findings: [], blocked: false, offline: true, why: isAlive() ? "slow" : "reloaded" }) };
    if (verdict.offline) {
      this.#offUntil = Date.now() + OFF_MS;
      this.#bar.off(verdict.why, composer);
      return verdict;
    }
    this.#offUntil = 0;
    this.#bar.on();
    this.#verdicts.set(nameOf(text, parts), verdict);
    if (this.#verdicts.size > VERDICTS) this.#verdicts.delete(this.#verdicts.keys().next().value);
    return verdict;
  }
}

/** The verdict depends on what the agent said there before. */
function nameOf(text, { session, earlier }) {
  return `${session}\n${earlier.length}\n${text}`;
}

function isSendKey(event, key) {
  if (event.key !== "Enter" || event.shiftKey || event.altKey || key === "none") return false;
  const withCtrl = event.ctrlKey || event.metaKey;
  return key === "Ctrl+Enter" ? withCtrl : !withCtrl;
}

function pressEnter(target, modifiers) {
  for (const type of ["keydown", "keypress", "keyup"]) {
    const shape = { key: "Enter", code: "Enter", keyCode: 13, which: 13, bubbles: true, composed: true, cancelable: true, ...modifiers };
    target.dispatchEvent(new KeyboardEvent(type, shape));
  }
}
