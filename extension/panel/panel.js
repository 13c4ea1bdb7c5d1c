/** The side panel: keeps what the worker told, draws it, and sends back what the agent does. It never sends to a buyer. */

import { changeSettings, onSettings, readSettings } from "../shared/settings.js";
import { now, setOffset, standingOf } from "./clock.js";
import { redraw, write } from "./dom.js";
import { linkView, noticesView, setupView, skeleton, waitingEmpty } from "./link-view.js";
import { openPort } from "./port.js";
import { insist, readyReply } from "./reply-card.js";
import { searchBox } from "./search.js";
import { chime } from "./sound.js";
import { moreView, repliesOf, talkView } from "./talk.js";
import { drawWaiting, tickWaiting } from "./waiting.js";
import { t, translatePage } from "./words.js";

const TICK_MS = 250;
const place = (id) => document.getElementById(id);

const view = {
  state: null, // what the worker pushed last
  looked: null, // the session that the agent looks at though another, or none, is open on the page
  detail: null, // what is known of the session in view
  unknown: null, // the session in view, if the service knows nothing of it yet
  stale: false, // the last read failed: what is shown is older
  names: new Map(), // what buyers are called, by session
  all: false,
};

const port = openPort((message) => {
  if (message.type === "state") takeState(message);
  if (message.type === "pick") insertNumber(message.number);
});
const search = searchBox({
  find: (query) => port.ask({ type: "search", query, session: view.detail?.session }, "found", (found) => found.query === query),
  actions: () => actions,
});
const actions = { insert, judge, redraw: drawTalk };

/* --- What the worker tells --- */

function takeState(state) {
  const before = view.state?.conversation?.session;
  view.state = state;
  if (typeof state.offset_ms === "number") setOffset(state.offset_ms);
  if (state.conversation && state.conversation.session !== before) view.looked = null;
  if (state.conversation?.buyer_name) view.names.set(state.conversation.session, state.conversation.buyer_name);
  draw();
  readTalk();
}

function sessionInView() {
  return view.looked ?? view.state?.conversation?.session ?? null;
}

let reading = false;
let readAgain = false;

/** Read the conversation in view; while one reading is under way the next one waits, however many are asked for. */
async function readTalk() {
  if (reading) {
    readAgain = true;
    return;
  }
  const session = sessionInView();
  if (session === null || view.state.link.state === "unpaired") {
    view.detail = view.unknown = null;
    drawTalk();
    return;
  }
  reading = true;
  const answer = await port.ask({ type: "read", session }, "conversation", (each) => each.session === session);
  reading = false;
  if (session === sessionInView()) takeDetail(session, answer);
  if (readAgain || session !== sessionInView()) {
    readAgain = false;
    readTalk();
  }
}

function takeDetail(session, answer) {
  view.stale = answer === null || Boolean(answer.why);
  if (!view.stale) {
    view.detail = answer.detail ?? null;
    view.unknown = view.detail ? null : session;
  } else if (view.detail?.session !== session) {
    view.detail = null;
    view.unknown = null;
  }
  if (view.detail?.buyer_name) view.names.set(session, view.detail.buyer_name);
  drawTalk();
}

/* --- Drawing --- */

function draw() {
  const { waiting, conversation, link, checking, outbox } = view.state;
  document.body.dataset.link = link.state;
  write(place("link-words"), linkView(link));
  redraw(place("notices"), ...noticesView({ link, checking, outbox, openOptions }));
  const paired = link.state !== "unpaired";
  for (const part of ["part-waiting", "part-search"]) place(part).hidden = !paired;
  place("keys").hidden = !paired;
  if (!paired) {
    redraw(place("talk"), ...setupView(openOptions));
    return;
  }
  drawWaiting({
    waiting,
    current: sessionInView(),
    open: conversation?.session ?? null,
    names: view.names,
    all: view.all,
    onLook: look,
    onAll: () => {
      view.all = true;
      draw();
    },
  });
  place("waiting-empty").hidden = waiting.length > 0;
  redraw(place("waiting-empty"), ...waitingEmpty(link));
  drawTalk();
}

function drawTalk() {
  if (!view.state || view.state.link.state === "unpaired") return;
  const { detail } = view;
  const away = view.looked !== null && view.looked !== view.state.conversation?.session;
  const more = detail ? moreView(detail, actions) : [];
  place("part-more").hidden = more.length === 0;
  if (detail) {
    redraw(place("talk"), ...talkView(detail, { away, onBack: () => look(null), actions }));
  } else {
    redraw(place("talk"), ...skeleton(sessionInView() === null ? "no_talk" : view.unknown ? "unknown_talk" : view.stale ? "unread_talk" : "loading"));
  }
  redraw(place("more"), ...more);
  place("part-talk").dataset.stale = String(view.stale);
  search.redraw();
  tickWaiting();
}

/* --- What the agent does --- */

function look(session) {
  view.looked = session === view.state.conversation?.session ? null : session;
  view.detail = view.detail?.session === sessionInView() ? view.detail : null;
  view.unknown = null;
  view.stale = false;
  draw();
  readTalk();
}

async function insert(reply) {
  const ready = readyReply(reply);
  if (ready === null) {
    insist(reply);
    drawTalk();
    document.querySelector('.field input[aria-invalid="true"]')?.focus();
    say(t("fill_first"), true);
    return;
  }
  const session = sessionInView();
  if (session === null || view.looked !== null) {
    say(t(session === null ? "why_no_box" : "open_it_first"), true);
    return;
  }
  const done = await port.ask({ type: "insert", session, ...ready }, "inserted");
  say(done?.inserted ? t("inserted") : whyNot(done?.why), !done?.inserted);
}

const WHY_NOT = {
  no_box: "why_no_box",
  no_conversation: "why_no_box",
  other_conversation: "open_it_first",
  no_page: "why_no_page",
};

/** Why a reply did not get into the box, in words: the page answers with a code. */
function whyNot(code) {
  return t(WHY_NOT[code] ?? "not_inserted");
}

function insertNumber(number) {
  const reply = view.detail && repliesOf(view.detail)[number - 1];
  if (reply) insert(reply);
}

/** True if the verdict was taken. */
async function judge(reply, verdict) {
  const id = `panel-${crypto.randomUUID()}`;
  const question = { type: "judge", id, phrase_id: reply.phrase_id, message: reply.message, verdict };
  const answer = await port.ask(question, "judged", (each) => each.id === id);
  const taken = answer !== null && !answer.why;
  say(taken ? answer.note || t("learned") : answer?.why || t("not_judged"), !taken);
  return taken;
}

function openOptions() {
  chrome.runtime.openOptionsPage();
}

let quietAgain = null;

/** Tell it to eyes and ears for a few seconds. */
function say(words, wrong = false) {
  const said = place("said");
  said.textContent = words;
  said.className = wrong ? "toast wrong" : "toast";
  clearTimeout(quietAgain);
  quietAgain = setTimeout(() => {
    said.className = "hidden";
  }, 4000);
}

/* --- Keys --- */

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) return;
  if (event.key === "/") {
    event.preventDefault();
    search.focus();
  } else if (["1", "2", "3"].includes(event.key)) {
    event.preventDefault();
    insertNumber(Number(event.key));
  }
});

/* --- Sound --- */

let soundOn = false;
const warned = new Set();

function showSound(settings) {
  soundOn = settings.sound;
  const button = place("sound");
  button.setAttribute("aria-pressed", String(soundOn));
  write(button, t(soundOn ? "sound_on" : "sound_off"));
}

place("sound").addEventListener("click", async () => {
  showSound(await changeSettings({ sound: !soundOn }));
  if (soundOn) chime();
});

/** Once for each wait and tone, and not for the buyer whom the agent has before him. */
function warn() {
  const at = now();
  for (const each of view.state?.waiting ?? []) {
    const { tone } = standingOf(each.waiting_since, each.deadline_at, at);
    const key = `${each.session} ${each.waiting_since} ${tone}`;
    if (!each.counted || tone === "calm" || tone === "missed" || warned.has(key)) continue;
    warned.add(key);
    if (soundOn && each.session !== view.state.conversation?.session) chime();
  }
}

/* --- Start --- */

translatePage();
place("options").textContent = t("options");
place("options").addEventListener("click", openOptions);
write(place("link-words"), t("link_starting"));
write(place("keys"), t("keys"));
redraw(place("talk"), ...skeleton("loading"));
readSettings().then(showSound);
onSettings(showSound);
setInterval(() => {
  tickWaiting();
  warn();
}, TICK_MS);
