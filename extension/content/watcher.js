/**
 * Watches a console's page: which conversation is open, and which messages are new in it.
 *
 * The page is read when it changed, at most a few times a second; while nothing changes, it is looked at every two seconds.
 * Messages are reported once; what the worker did not confirm is reported again.
 */

const { ask, isAlive } = await import(chrome.runtime.getURL("content/link.js"));
const { keyByContent, keyById, sessionOf } = await import(chrome.runtime.getURL("content/keys.js"));
const { readMoment } = await import(chrome.runtime.getURL("content/moments.js"));
const { join } = await import(chrome.runtime.getURL("content/sequence.js"));
const { messageElements, openConversation, readMessage, watchedParts, writingParts } = await import(
  chrome.runtime.getURL("content/reader.js")
);

/** A change is read after a moment in which a page completes it; readings follow each other no faster than that. */
const SOON_MS = 40;
const SCAN_MS = 200;
const IDLE_MS = 2_000;
/** A page fills a conversation piece by piece after it was opened: what comes so soon was there before. */
const SETTLED_MS = 1_500;
/** A message that takes the place of one so young, with the same words, is that one with its final id. */
const RENAMED_MS = 60_000;
const AT_ONCE = 100;
const LONGEST_TEXT = 20_000;
const CONVERSATIONS = 50;
const EARLIER = 20;
const MINUTE = 60_000;
const SPEAKERS = new Set(["buyer", "agent", "robot"]);

export class Watcher {
  #definition;
  #changed;
  #conversations = new Map();
  #open = null;
  #elements = new WeakMap();
  #observed = new WeakSet();
  #watched = new Set();
  #around = new Set();
  #observer = new MutationObserver((records) => this.#mutated(records));
  #timer = 0;
  #scannedAt = 0;
  #waiting = false;
  #unconfirmed = [];
  #sending = false;

  /** `changed()` is called whenever another conversation is open, or the box is another. */
  constructor(definition, changed) {
    this.#definition = definition;
    this.#changed = changed;
  }

  begin() {
    this.#observe(document.documentElement);
    this.#scan();
  }

  /** Let go of the page. */
  end() {
    this.#observer.disconnect();
    clearTimeout(this.#timer);
    this.#definition = null;
  }

  /** `{definition, session, composer, sendButton, earlier}` as of now, or null. */
  where() {
    if (this.#definition === null || !this.#open?.session) return null;
    const { session, messages } = this.#open;
    const earlier = messages.filter(({ sender }) => sender === "agent").slice(-EARLIER).map(({ text }) => text);
    return { definition: this.#definition, session, earlier, ...writingParts(document, this.#definition) };
  }

  #mutated(records) {
    for (const { target } of records) this.#forget(target);
    if (this.#waiting || !records.some(({ target }) => this.#matters(target))) return;
    this.#waiting = true;
    clearTimeout(this.#timer);
    const since = Date.now() - this.#scannedAt;
    this.#timer = setTimeout(() => this.#scan(), Math.max(SOON_MS, SCAN_MS - since));
  }

  /** What was read of a message counts no longer when something in it changed. */
  #forget(node) {
    for (let at = node; at !== null; at = above(at)) this.#elements.delete(at);
  }

  /** Is it in what is read of the page, or around it? A page may be full of clocks and banners beside. */
  #matters(target) {
    if (this.#watched.size === 0 || this.#around.has(target)) return true;
    for (let at = target; at !== null; at = above(at)) if (this.#watched.has(at)) return true;
    return false;
  }

  #watch() {
    this.#watched = new Set(watchedParts(document, this.#definition));
    this.#around = new Set();
    for (const part of this.#watched) {
      this.#observe(part.getRootNode());
      for (let at = above(part); at !== null; at = above(at)) this.#around.add(at);
    }
  }

  #observe(root) {
    if (this.#observed.has(root)) return;
    this.#observed.add(root);
    this.#observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
  }

  #scan() {
    clearTimeout(this.#timer);
    this.#waiting = false;
    this.#scannedAt = Date.now();
    if (this.#definition === null) return;
    if (!isAlive()) {
      this.end();
      return;
    }
    this.#watch();
    this.#read(Date.now());
    this.#report();
    this.#timer = setTimeout(() => this.#scan(), IDLE_MS);
  }

  #read(now) {
    const conversation = openConversation(document, this.#definition);
    if (conversation?.id !== this.#open?.conversation.id) {
      this.#open = conversation && this.#enter(conversation, now);
      if (conversation === null) this.#tellOpen();
    }
    if (this.#open === null) return;
    const shown = messageElements(document, this.#definition).map((element) => this.#readElement(element));
    // Just after a switch the page may still draw the conversation before.
    if (shown.length > 0 && shown.every((message) => message.conversation !== this.#open.conversation.id)) return;
    const own = shown.filter((message) => message.conversation === this.#open.conversation.id && message.sender !== null);
    this.#take(own, now);
    this.#changed();
  }

  #enter(conversation, now) {
    const known = this.#conversations.get(conversation.id);
    this.#conversations.delete(conversation.id);
    const memory = known ?? { known: [] };
    this.#conversations.set(conversation.id, memory);
    if (this.#conversations.size > CONVERSATIONS) this.#conversations.delete(this.#conversations.keys().next().value);
    return { conversation, memory, messages: [], drawn: null, session: null, visited: known !== undefined, settledAt: now + SETTLED_MS };
  }

  #readElement(element) {
    let message = this.#elements.get(element);
    if (message === undefined) {
      message = { ...readMessage(element, this.#definition), conversation: this.#open.conversation.id };
      this.#elements.set(element, message);
    }
    return message;
  }

  #take(shown, now) {
    const open = this.#open;
    const { memory, conversation } = open;
    const likes = shown.map(likeOf);
    const drawn = likes.join("\n\n");
    if (drawn === open.drawn) return;
    open.drawn = drawn;
    const { known, fresh, met } = join(memory.known, likes);
    // What stands below what an earlier visit saw came since then.
    const watching = now > open.settledAt || (met && open.visited);
    memory.known = known;
    const reported = [];
    let latest = 0;
    const visible = new Set(likes);
    for (const { index, entry, after } of fresh) {
      const message = shown[index];
      const appeared = after && watching;
      const moment = momentOf(message.shown, appeared, now);
      const twin = message.sender === "agent" ? renamed(known, entry, message, visible, now) : null;
      Object.assign(entry, { text: message.text, sender: message.sender, seenAt: now, at: twin?.at ?? null });
      if (moment === null || twin !== null || !SPEAKERS.has(message.sender)) continue;
      const at = moment.unit > 1000 && !appeared ? Math.max(moment.at, latest + 1) : moment.at;
      latest = at;
      entry.at = at;
      const key = message.id
        ? keyById(this.#definition.id, conversation.id, message.id)
        : keyByContent(this.#definition.id, conversation.id, entry.like, at, entry.ordinal);
      reported.push({ ...message, key, at });
    }
    open.messages = shown;
    const last = known.findLast((entry) => entry.at !== null && entry.at !== undefined);
    const session = sessionOf(this.#definition.id, conversation.id, last?.at ?? now, conversation.session);
    this.#queue(reported);
    if (session !== open.session) {
      open.session = session;
      this.#tellOpen();
    }
  }

  #queue(messages) {
    const { conversation } = this.#open;
    for (const { key, at, sender, kind, text } of messages) {
      const session = sessionOf(this.#definition.id, conversation.id, at, conversation.session);
      const message = { key, at: new Date(at).toISOString(), sender, kind, text: text.slice(0, LONGEST_TEXT) };
      const last = this.#unconfirmed.at(-1);
      if (last?.session === session && !last.sent && last.messages.length < AT_ONCE) last.messages.push(message);
      else {
        const report = { console: this.#definition.id, session, buyer: conversation.buyer, buyer_name: conversation.name || undefined };
        this.#unconfirmed.push({ ...report, messages: [message], sent: false });
      }
    }
  }

  async #report() {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#unconfirmed.length > 0) {
      const [{ sent, ...report }] = this.#unconfirmed;
      this.#unconfirmed[0].sent = true;
      const answer = await ask({ type: "console/messages", ...report });
      if (!answer?.taken) break;
      this.#unconfirmed.shift();
    }
    this.#sending = false;
  }

  #tellOpen() {
    const open = this.#open;
    const who = open && { session: open.session, buyer: open.conversation.buyer, buyer_name: open.conversation.name || undefined };
    ask({ type: "console/open", console: this.#definition.id, ...who });
    this.#changed();
  }
}

/** The node that holds it, out of a shadow tree, too; null at the top. */
function above(node) {
  return node.parentNode ?? node.host ?? null;
}

/** All that can be seen of a message: its id if it has one. */
function likeOf({ id, sender, kind, shown, text }) {
  return id ? `#${id}` : [sender, kind, shown, text].join("\n");
}

/** When it was said; a message without a readable time was said when it appeared. Null: it was there before, at no known time. */
function momentOf(shown, appeared, now) {
  const told = readMoment(shown, now);
  if (told === null) return appeared ? { at: now, unit: 1 } : null;
  const recent = Math.abs(now - told.at) <= 2 * MINUTE;
  if (told.unit > 1000 && appeared && recent) return { at: now, unit: 1 };
  return { at: Math.min(told.at, now), unit: told.unit };
}

/** The young entry that this one replaces: the same words of the agent, no longer shown. */
function renamed(known, entry, { text }, visible, now) {
  return (
    known.findLast(
      (other) =>
        other !== entry &&
        other.sender === "agent" &&
        other.text === text &&
        now - other.seenAt < RENAMED_MS &&
        !visible.has(other.like),
    ) ?? null
  );
}

