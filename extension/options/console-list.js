/** The list of consoles: switch, state, last self-check, and ways to edit, share and take in. */

import { siteOf } from "../consoles/addresses.js";
import { consolesOf, readBuiltIn } from "../consoles/catalog.js";
import { overridesOf, readConsole } from "../consoles/read.js";
import { changeSettings, readSettings } from "../shared/settings.js";
import { shortLanguage } from "../shared/words.js";
import { make, quoted } from "./elements.js";

const STATUS_WORDS = { verified: "options_status_verified", markup: "options_status_markup", unverified: "options_status_unverified", own: "options_status_own" };

/** Shows all consoles. What goes wrong with a switch is said in `note`. */
export async function showConsoles(list, note, word) {
  const settings = await readSettings();
  const { checks = {} } = await chrome.storage.session.get("checks");
  const entries = await consolesOf(settings);
  const language = shortLanguage(settings.language);
  const cards = await Promise.all(entries.map(async (entry) => card(entry, await isGranted(entry), checks[entry.id])));
  const focused = document.activeElement?.id;
  list.replaceChildren(...cards);
  if (focused) document.getElementById(focused)?.focus();

  function card(entry, granted, lastCheck) {
    const id = `switch-${entry.id}`;
    const blocked = !entry.console || !entry.complete;
    const toggle = make("input", { id, type: "checkbox", role: "switch", checked: entry.on, disabled: blocked && !entry.on, on: { change: ({ target }) => turn(entry, target, note, word) } });
    return make("li", { className: "card", dataset: { console: entry.id } },
      make("div", { className: "card-head" },
        make("label", { htmlFor: id, className: "switch" }, toggle, quoted(String(entry.definition.name))),
        statusMark(entry),
        make("a", { className: "button quiet", href: `console.html?id=${encodeURIComponent(entry.id)}`, textContent: word("options_edit"), "aria-label": word("options_edit_named", entry.definition.name) })),
      make("p", { className: "faint" }, quoted((entry.definition.matches ?? []).join("  "))),
      ...remarks(entry, granted, lastCheck));
  }

  function statusMark(entry) {
    if (entry.confirmed) {
      return make("span", { className: "mark good", textContent: word("options_confirmed_by", entry.confirmed.by, entry.confirmed.at.slice(0, 10)) });
    }
    const status = entry.own ? "own" : entry.definition.status;
    return make("span", { className: `mark ${status === "unverified" ? "warn" : "plain"}`, textContent: word(STATUS_WORDS[status]) });
  }

  function remarks(entry, granted, lastCheck) {
    const found = [];
    if (!entry.console) found.push(make("p", { className: "bad", textContent: `${word("options_has_errors")} ${entry.problems.find((problem) => problem.level === "error")[language]}` }));
    else if (!entry.complete) found.push(make("p", { className: "hint", textContent: word("options_incomplete") }));
    else if (entry.on && !granted) {
      found.push(make("p", { className: "bad row" }, word("options_no_permission"),
        make("button", { type: "button", className: "quiet", textContent: word("options_grant"), on: { click: () => chrome.permissions.request({ origins: sitesOf(entry) }) } })));
    } else if (entry.on && lastCheck) found.push(checkLine(entry, lastCheck));
    else if (entry.on) found.push(make("p", { className: "hint", textContent: word("options_on_reload") }));
    return found;
  }

  function checkLine(entry, { results, at }) {
    const when = new Date(at).toLocaleTimeString(language === "zh" ? "zh-CN" : "en", { hour: "2-digit", minute: "2-digit" });
    const problems = results.problems ?? [];
    if (problems.length === 0) return make("p", { className: "good", textContent: word("options_check_fine", when) });
    const name = String(entry.definition.name);
    return make("p", { className: "bad", textContent: word("options_check_broken", name, problems.map((problem) => problem[language]).join(language === "zh" ? "；" : "; "), when) });
  }
}

/**
 * Takes in a definition that somebody shared: a new own console, or new selectors for one of that id. Gives the sentence that says
 * what became of it; a file with errors changes nothing.
 */
export async function importConsole(text, word) {
  const { console, problems } = readConsole(text);
  const settings = await readSettings();
  const language = shortLanguage(settings.language);
  const errors = problems.filter((problem) => problem.level === "error");
  if (!console) return `${word("options_import_refused")} ${errors.map(({ at, [language]: message }) => (at ? `${at}：${message}` : message)).join("；")}`;
  const given = JSON.parse(text);
  const known = (await consolesOf(settings)).find((entry) => entry.id === console.id);
  if (known && !known.own) {
    const overrides = overridesOf(await readBuiltIn(console.id), given) ?? undefined;
    const consoles = { ...settings.consoles, [console.id]: { ...settings.consoles[console.id], overrides, confirmed: undefined } };
    await changeSettings({ consoles });
    return word("options_imported_over", console.name);
  }
  const others = settings.own_consoles.filter((definition) => definition.id !== console.id);
  await changeSettings({ own_consoles: [...others, { ...given, status: "own" }] });
  return word("options_imported", console.name);
}

/** The permissions that a console needs. */
export function sitesOf(entry) {
  return [...new Set(entry.console.matches.map(siteOf))];
}

async function isGranted(entry) {
  return entry.console ? chrome.permissions.contains({ origins: sitesOf(entry) }) : false;
}

async function turn(entry, toggle, note, word) {
  const on = toggle.checked;
  // Asked for before anything else is awaited: a permission may only be asked for at a click.
  if (on && !(await chrome.permissions.request({ origins: sitesOf(entry) }))) {
    toggle.checked = false;
    note.textContent = word("options_permission_refused", entry.definition.name);
    return;
  }
  const { consoles } = await readSettings();
  await changeSettings({ consoles: { ...consoles, [entry.id]: { ...consoles[entry.id], on } } });
  note.textContent = word(on ? "options_turned_on" : "options_turned_off", entry.definition.name);
}
