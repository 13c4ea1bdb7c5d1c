/** One console: address, page, parts, test, save. */

import { isAddressPattern } from "../consoles/addresses.js";
import { BUILT_IN, consolesOf, readBuiltIn } from "../consoles/catalog.js";
import { overridesOf, sketchOf } from "../consoles/read.js";
import { changeSettings, readSettings } from "../shared/settings.js";
import { fillWords, shortLanguage, wordsIn } from "../shared/words.js";
import { ConsoleForm } from "./console-form.js";
import { make } from "./elements.js";
import { showOutcome } from "./outcome.js";
import { askForPages, checkOn, pagesAt, pickOn } from "./page-access.js";

const byId = (id) => document.getElementById(id);
const NEW = { format: 1, name: "", status: "own", matches: [], selectors: {}, who: [{ sender: "buyer", position: "left" }, { sender: "agent", position: "right" }], send_key: "Enter" };
const POINTED = [
  ["buyer_words", "options_point_buyer_words"],
  ["agent_words", "options_point_agent_words"],
  ["composer", "options_point_composer"],
  ["send_button", "options_point_send_button"],
  ["entry", "options_point_entry"],
  ["buyer_name", "options_point_buyer_name"],
];
const ALONE = { composer: "composer", send_button: "send_button", buyer_name: "buyer_name" };

let word;
let language;
let form;
let entry = null;
let saved = null;

async function start() {
  const settings = await readSettings();
  word = await wordsIn(settings.language);
  language = shortLanguage(settings.language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  fillWords(document, word);
  const id = new URLSearchParams(location.search).get("id");
  entry = id === null ? null : ((await consolesOf(settings)).find((each) => each.id === id) ?? null);
  const definition = entry ? entry.definition : NEW;
  form = new ConsoleForm(word, language, { onPick: pickOne, onChange: changed });
  form.show(definition);
  saved = entry ? JSON.stringify(form.value()) : null;
  document.title = entry ? definition.name : word("options_new_console");
  byId("heading").textContent = document.title;
  const note = definition.taken_from?.note;
  byId("origin").hidden = !note;
  byId("origin").textContent = note ? `${note}（${definition.taken_from.page}，${definition.taken_from.date}）` : "";
  byId("remove").hidden = !entry?.own;
  byId("restore").hidden = entry === null || entry.own;
  byId("confirm").hidden = entry === null || entry.own || definition.status === "verified";
  byId("confirm").disabled = true;
  changed();
  byId("problems").replaceChildren();
}

function changed() {
  form.remark();
  byId("confirm").disabled = true;
}

byId("find-pages").addEventListener("click", async () => {
  const { matches } = form.value();
  if (matches.length === 0 || !matches.every(isAddressPattern)) {
    tell("page-note", word("options_address_first"), true);
    byId("addresses").focus();
    return;
  }
  if (!(await askForPages(matches))) {
    tell("page-note", word("options_pages_refused"), true);
    return;
  }
  byId("addresses").value = matches.join("\n");
  await listPages();
});

async function listPages() {
  const tabs = await pagesAt(form.value().matches);
  const select = byId("page");
  const chosen = select.value;
  select.hidden = tabs.length === 0;
  select.replaceChildren(...tabs.map((tab) => make("option", { value: String(tab.id), textContent: `${tab.title || ""} — ${tab.url}`.slice(0, 120) })));
  if (tabs.some((tab) => String(tab.id) === chosen)) select.value = chosen;
  tell("page-note", tabs.length === 0 ? word("options_no_page") : word("options_pages_found", tabs.length), tabs.length === 0);
  return tabs.length > 0;
}

/** The tab to work on; says what to do first where there is none. */
async function page(noteId) {
  const { matches } = form.value();
  const usable = matches.length > 0 && matches.every(isAddressPattern);
  if (usable && (await askForPages(matches)) && (await listPages())) return Number(byId("page").value);
  tell(noteId, usable ? word("options_no_page") : word("options_address_first"), true);
  return null;
}

byId("pick-all").addEventListener("click", async () => {
  const tab = await page("pick-note");
  if (tab === null) return;
  const proposal = await point(tab, POINTED.map(([kind, key]) => ({ kind, say: word(key) })));
  if (proposal === null) return;
  form.propose(proposal.selectors, proposal.who);
  changed();
  tell("pick-note", word(proposal.failed ? "options_pick_unlike" : "options_picked", Object.keys(proposal.selectors).length), proposal.failed);
  await test(tab);
});

async function pickOne(role) {
  const tab = await page("pick-note");
  if (tab === null) return;
  const kind = ALONE[role] ?? "part";
  const proposal = await point(tab, [{ kind, say: word("options_point_part", document.querySelector(`label[for="part-${role}"]`).firstChild.textContent) }]);
  const rule = proposal?.selectors[kind];
  if (!rule) return;
  form.propose({ [role]: rule }, null);
  changed();
  tell("pick-note", word("options_picked_one", rule.css, proposal.counts[kind]));
}

async function point(tab, steps) {
  try {
    const proposal = await pickOn(tab, steps, { move: word("options_move_bar"), skip: word("options_skip"), cancel: word("options_cancel") });
    if (!proposal) tell("pick-note", word("options_pick_cancelled"));
    return proposal ?? null;
  } catch (error) {
    tell("pick-note", word("options_page_failed", error.message), true);
    return null;
  }
}

byId("test").addEventListener("click", async () => {
  const tab = await page("test-note");
  if (tab !== null) await test(tab);
});

async function test(tab) {
  tell("test-note", word("options_test_running"));
  try {
    const outcome = await checkOn(tab, sketchOf(form.value()));
    if (outcome === null) return tell("test-note", word("options_page_failed", ""), true);
    showOutcome(byId("outcome"), outcome, word, language);
    form.showCounts(outcome.parts);
    byId("confirm").disabled = outcome.state !== "fine";
    return tell("test-note", "");
  } catch (error) {
    return tell("test-note", word("options_page_failed", error.message), true);
  }
}

byId("save").addEventListener("click", async () => {
  const problems = form.remark();
  showProblems(problems.filter(({ at }) => at !== "id" || entry !== null));
  const errors = problems.filter(({ level, at }) => level === "error" && (at !== "id" || entry !== null));
  if (errors.length > 0) {
    tell("save-note", word("options_not_saved", errors.length), true);
    return;
  }
  await save(form.value());
});

async function save(value) {
  const settings = await readSettings();
  if (entry && !entry.own) {
    const overrides = overridesOf(await readBuiltIn(entry.id), value) ?? undefined;
    const kept = settings.consoles[entry.id] ?? {};
    const confirmed = saved === JSON.stringify(value) ? kept.confirmed : undefined;
    await changeSettings({ consoles: { ...settings.consoles, [entry.id]: { ...kept, overrides, confirmed } } });
  } else {
    const id = entry?.id ?? freeId(value.matches[0], settings);
    const definition = { ...value, id, status: "own", taken_from: { page: value.matches[0], date: new Date().toISOString().slice(0, 10), note: "" } };
    const others = settings.own_consoles.filter((each) => each.id !== id);
    const turnedOn = entry ? settings.consoles[id] : { ...settings.consoles[id], on: true };
    await changeSettings({ own_consoles: [...others, definition], consoles: { ...settings.consoles, [id]: turnedOn } });
    if (!entry) history.replaceState(null, "", `console.html?id=${encodeURIComponent(id)}`);
  }
  entry = (await consolesOf(await readSettings())).find((each) => each.id === (entry?.id ?? new URLSearchParams(location.search).get("id")));
  saved = JSON.stringify(form.value());
  byId("heading").textContent = value.name;
  byId("remove").hidden = !entry.own;
  tell("save-note", word(entry.on ? "options_saved_on" : "options_saved_off"));
}

function showProblems(problems) {
  byId("problems").replaceChildren(...problems.map((problem) => make("li", { className: problem.level === "error" ? "bad" : "warn", textContent: problem[language] })));
}

byId("confirm").addEventListener("click", async () => {
  if (saved !== JSON.stringify(form.value())) await save(form.value());
  const settings = await readSettings();
  const confirmed = { at: new Date().toISOString(), by: settings.agent.name || word("options_somebody") };
  await changeSettings({ consoles: { ...settings.consoles, [entry.id]: { ...settings.consoles[entry.id], confirmed } } });
  tell("save-note", word("options_confirmed", confirmed.by, confirmed.at.slice(0, 10)));
});

byId("export").addEventListener("click", () => {
  const value = form.value();
  const definition = { ...value, id: entry?.id ?? "own-console" };
  const link = make("a", { href: URL.createObjectURL(new Blob([`${JSON.stringify(definition, null, 2)}\n`], { type: "application/json" })), download: `miaohui-${definition.id}.json` });
  link.click();
  URL.revokeObjectURL(link.href);
});

byId("restore").addEventListener("click", async () => {
  if (!window.confirm(word("options_restore_sure"))) return;
  const settings = await readSettings();
  const { overrides, confirmed, ...kept } = settings.consoles[entry.id] ?? {};
  await changeSettings({ consoles: { ...settings.consoles, [entry.id]: kept } });
  location.reload();
});

byId("remove").addEventListener("click", async () => {
  if (!window.confirm(word("options_remove_sure", entry.definition.name))) return;
  const settings = await readSettings();
  const { [entry.id]: gone, ...consoles } = settings.consoles;
  await changeSettings({ own_consoles: settings.own_consoles.filter((definition) => definition.id !== entry.id), consoles });
  location.href = "options.html";
});

/** An id that no console has yet, after the site: `im-example-com`, `im-example-com-2`, … */
function freeId(pattern, settings) {
  const host = new URL(pattern.replace(/^\*/u, "https").replaceAll("*.", "")).hostname;
  const stem = host.toLowerCase().replace(/[^a-z0-9]+/gu, "-").slice(0, 30).replace(/^-+|-+$/gu, "") || "console";
  const taken = new Set([...BUILT_IN, ...settings.own_consoles.map((definition) => definition.id)]);
  let id = stem;
  for (let number = 2; taken.has(id); number += 1) id = `${stem}-${number}`;
  return id;
}

function tell(id, text, bad = false) {
  const note = byId(id);
  note.textContent = text;
  note.classList.toggle("bad", bad);
}

start();
