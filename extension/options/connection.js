/** Pairing with the shop's service, and a test that says exactly what fails. Used by the options and the welcome page. */

import { readPairing, siteOfServer } from "../shared/pairing.js";
import { changeSettings, isPaired, readSettings } from "../shared/settings.js";
import { make, quoted } from "./elements.js";

const UNREADABLE = { empty: "options_code_empty", prefix: "options_code_prefix", cut: "options_code_cut", fields: "options_code_fields" };
const STEP_WORDS = {
  permission: "options_step_permission",
  address: "options_step_address",
  key: "options_step_key",
  shop: "options_step_shop",
  scopes: "options_step_scopes",
  clock: "options_step_clock",
  secret: "options_step_secret",
  version: "options_step_version",
};
const WHY_WORDS = {
  not_granted: "options_why_not_granted",
  not_an_address: "options_why_not_an_address",
  no_answer: "options_why_no_answer",
  not_ours: "options_why_not_ours",
  unknown_key: "options_why_unknown_key",
  no_whoami: "options_why_no_whoami",
  other_shop: "options_why_other_shop",
  missing_scope: "options_why_missing_scope",
  fast: "options_why_fast",
  slow: "options_why_slow",
  not_a_secret: "options_why_not_a_secret",
  wrong_secret: "options_why_wrong_secret",
  clock_first: "options_why_clock_first",
  refused: "options_why_refused",
  too_old: "options_why_too_old",
  older_service: "options_why_older_service",
};

/** Shows the connection in `place`. Gives a function that runs the test; `onOutcome(ok)` hears how each test went. */
export async function showConnection(place, word, onOutcome = () => {}) {
  const settings = await readSettings();
  const note = make("p", { className: "note", role: "status" });
  const steps = make("ol", { className: "steps" });
  const code = make("textarea", { id: "code", rows: 3, spellcheck: false, autocomplete: "off", placeholder: "mhp1.…" });
  const fields = Object.fromEntries(
    ["server", "shop", "key", "secret", "agent_id", "agent_name"].map((name) => [name, make("input", { id: `field-${name}`, type: name === "key" || name === "secret" ? "password" : "text", autocomplete: "off", spellcheck: false })]),
  );
  fill(fields, settings);
  const byHand = make("details", {}, make("summary", { textContent: word("options_by_hand") }), handForm());
  const state = make("p", { className: "state" });
  tellState(settings);
  place.replaceChildren(
    state,
    make("label", { htmlFor: "code", textContent: word("options_code") }),
    code,
    make("p", { className: "hint", textContent: word("options_code_hint") }),
    make("p", { className: "row" },
      make("button", { type: "button", id: "pair", textContent: word("options_pair"), on: { click: pair } }),
      make("button", { type: "button", id: "test-connection", className: "quiet", textContent: word("options_test_connection"), on: { click: () => test() } })),
    byHand,
    note,
    steps,
  );
  return test;

  function handForm() {
    const labels = { server: "options_server", shop: "options_shop", key: "options_key", secret: "options_secret", agent_id: "options_agent_id", agent_name: "options_agent_name" };
    return make("div", { className: "fields" },
      ...Object.entries(fields).flatMap(([name, input]) => [make("label", { htmlFor: input.id, textContent: word(labels[name]) }), input]),
      make("button", { type: "button", id: "save-by-hand", textContent: word("options_save"), on: { click: saveByHand } }));
  }

  async function pair() {
    const { pairing, reason } = readPairing(code.value);
    if (!pairing) return say(word(UNREADABLE[reason]), true);
    return keep(pairing);
  }

  async function saveByHand() {
    const value = (name) => fields[name].value.trim();
    if (siteOfServer(value("server")) === null) return say(word("options_why_not_an_address", value("server")), true);
    const empty = ["shop", "key", "secret", "agent_id"].filter((name) => !value(name));
    if (empty.length > 0) {
      fields[empty[0]].focus();
      return say(word("options_field_empty"), true);
    }
    return keep({ server: value("server").replace(/\/+$/u, ""), shop: value("shop"), key: value("key"), secret: value("secret"), agent: { id: value("agent_id"), name: value("agent_name") || value("agent_id") } });
  }

  /** The permission is asked for first, while the click still counts as the agent's wish. */
  async function keep(pairing) {
    const granted = await chrome.permissions.request({ origins: [siteOfServer(pairing.server)] });
    if (!granted) return say(word("options_why_not_granted", pairing.server), true);
    const stored = await changeSettings(pairing);
    code.value = "";
    fill(fields, stored);
    tellState(stored);
    return test();
  }

  async function test() {
    const stored = await readSettings();
    if (!isPaired(stored)) {
      say(word("options_not_paired"), true);
      return onOutcome(false);
    }
    say(word("options_testing"));
    steps.replaceChildren();
    const { server, shop, key, secret } = stored;
    const outcome = await chrome.runtime.sendMessage({ type: "options/try", settings: { server, shop, key, secret } });
    if (!Array.isArray(outcome)) return say(word("options_no_worker"), true);
    steps.replaceChildren(...outcome.map((each) => stepLine(each, word)));
    const ok = outcome.every(({ state: result }) => result === "ok");
    say(word(ok ? "options_connection_ok" : "options_connection_bad"), !ok);
    return onOutcome(ok);
  }

  function say(text, bad = false) {
    note.textContent = text;
    note.classList.toggle("bad", bad);
  }

  function tellState(stored) {
    state.replaceChildren(...(isPaired(stored)
      ? [make("span", { className: "mark good", textContent: word("options_paired") }), " ", quoted(stored.shop), " · ", quoted(stored.agent.name), " · ", quoted(stored.server)]
      : [make("span", { className: "mark warn", textContent: word("options_unpaired") })]));
  }
}

function fill(fields, { server, shop, key, secret, agent }) {
  Object.entries({ server, shop, key, secret, agent_id: agent.id, agent_name: agent.name }).forEach(([name, value]) => {
    fields[name].value = value;
  });
}

function stepLine({ step, state, why, detail }, word) {
  const found = step === "clock" ? word("options_seconds_off", ...detail) : detail.filter(Boolean).join(" · ");
  const text = state === "failed" ? word(WHY_WORDS[why], ...detail) : found;
  const marks = { ok: ["good", "✓"], failed: ["bad", "✗"], untried: ["faint", "–"] };
  const [look, sign] = marks[state];
  return make("li", { className: look, dataset: { step, state } },
    make("span", { className: "sign", textContent: sign, "aria-hidden": "true" }),
    make("strong", { textContent: word(STEP_WORDS[step]) }),
    " ",
    state === "untried" ? word("options_untried") : make("bdi", { textContent: text }));
}
