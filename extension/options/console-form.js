/** The form of one console definition: fields into a raw definition and back, with live remarks at each field. */

import { patternOf } from "../consoles/addresses.js";
import { readConsole } from "../consoles/read.js";
import { KINDS, POSITIONS, ROLES, ROLE_WORDS, SENDERS } from "../consoles/roles.js";
import { make } from "./elements.js";

const GROUPS = [
  ["options_group_messages", ["message_list", "message", "message_text", "message_id", "message_time"]],
  ["options_group_typing", ["composer", "send_button"]],
  ["options_group_buyer", ["buyer_id", "buyer_name", "session_id"]],
  ["options_group_list", ["conversation_list", "conversation_item", "conversation_open", "item_buyer_id", "item_buyer_name", "item_unread", "item_text"]],
];
const SENDER_WORDS = { buyer: "options_sender_buyer", agent: "options_sender_agent", robot: "options_sender_robot", system: "options_sender_system" };
const POSITION_WORDS = { left: "options_position_left", right: "options_position_right", middle: "options_position_middle" };
const KIND_WORDS = { image: "options_kind_image", card: "options_kind_card", emoji: "options_kind_emoji", file: "options_kind_file", voice: "options_kind_voice" };
const MORE = ["attribute", "after", "until", "at_least", "at_most"];
const MORE_WORDS = { attribute: "options_more_attribute", after: "options_more_after", until: "options_more_until", at_least: "options_more_at_least", at_most: "options_more_at_most" };

const byId = (id) => document.getElementById(id);

/** The form; `onPick(role)` is called for a part's button, `onChange()` after every change. */
export class ConsoleForm {
  #word;
  #language;
  #base;
  #rows = new Map();
  #kinds = new Map();

  constructor(word, language, { onPick, onChange }) {
    this.#word = word;
    this.#language = language;
    byId("parts").replaceChildren(...GROUPS.map(([title, roles]) => this.#group(title, roles, onPick)));
    byId("kinds").replaceChildren(...KINDS.flatMap((kind) => this.#kind(kind)));
    byId("add-who").addEventListener("click", () => {
      this.#addRule({ sender: "buyer", css: "" }).querySelector("select").focus();
      onChange();
    });
    byId("by-position").addEventListener("click", () => {
      this.#showWho([{ sender: "buyer", position: "left" }, { sender: "agent", position: "right" }]);
      onChange();
    });
    document.querySelector("main").addEventListener("input", () => onChange());
  }

  /** Shows a raw definition; what the form has no field for is kept. */
  show(definition) {
    this.#base = definition;
    byId("name").value = definition.name ?? "";
    byId("addresses").value = (definition.matches ?? []).join("\n");
    for (const role of Object.keys(ROLES)) this.#showRule(role, definition.selectors?.[role]);
    this.#showWho(definition.who ?? []);
    for (const [kind, input] of this.#kinds) input.value = definition.kinds?.[kind] ?? "";
    byId("send-key").value = definition.send_key ?? "Enter";
  }

  /** Puts proposed rules in, beside what stands there already. */
  propose(selectors, who) {
    for (const [role, rule] of Object.entries(selectors)) this.#showRule(role, rule);
    if (who) this.#showWho(who);
  }

  /** The raw definition as the fields say; addresses as patterns where they can be read. */
  value() {
    const selectors = {};
    for (const role of Object.keys(ROLES)) {
      const rule = this.#ruleOf(role);
      if (rule) selectors[role] = rule;
    }
    const kinds = Object.fromEntries([...this.#kinds].map(([kind, input]) => [kind, input.value.trim()]).filter(([, css]) => css));
    const who = [...byId("who").children].map((line) => ruleOfLine(line));
    const addresses = byId("addresses").value.split(/[\s,，]+/u).filter(Boolean);
    return { ...this.#base, name: byId("name").value.trim(), matches: addresses.map((address) => patternOf(address) ?? address), selectors, who, kinds, send_key: byId("send-key").value };
  }

  /** Marks what is wrong at its field. Gives the problems; the form is not to be saved while one is an error. */
  remark() {
    const { problems } = readConsole(this.value());
    const told = (at) => problems.find((problem) => problem.at === at || problem.at.startsWith(`${at}.`) || problem.at.startsWith(`${at}[`));
    for (const [role, row] of this.#rows) {
      const problem = row.css.value.trim() || row.more.some((input) => input.value) ? told(`selectors.${role}`) : undefined;
      mark(row.css, row.remark, problem?.level === "error" ? problem[this.#language] : "");
    }
    const who = told("who");
    byId("who-note").textContent = who ? who[this.#language] : "";
    const address = byId("addresses").value.trim() ? told("matches") : undefined;
    mark(byId("addresses"), byId("address-note"), address ? address[this.#language] : "");
    return problems;
  }

  /** Shows beside each part how many a test found. */
  showCounts(parts) {
    for (const [role, row] of this.#rows) {
      const part = parts.find((each) => each.role === role);
      row.count.textContent = part ? countText(part, this.#word) : "";
      row.count.className = `count ${part && (part.state === "missing" || part.state === "many") ? "bad" : "faint"}`;
    }
  }

  #group(title, roles, onPick) {
    return make("fieldset", {}, make("legend", { textContent: this.#word(title) }), ...roles.map((role) => this.#row(role, onPick)));
  }

  #row(role, onPick) {
    const id = `part-${role}`;
    const name = ROLE_WORDS[role][this.#language];
    const css = make("input", { id, className: "code", spellcheck: false, autocomplete: "off", "aria-describedby": `${id}-remark` });
    const remark = make("p", { id: `${id}-remark`, className: "note bad" });
    const count = make("span", { className: "count faint" });
    const more = MORE.filter((field) => ROLES[role].reads || field.startsWith("at_")).map((field) =>
      make("input", { id: `${id}-${field}`, type: field.startsWith("at_") ? "number" : "text", min: field.startsWith("at_") ? 0 : undefined, spellcheck: false, autocomplete: "off", dataset: { field }, placeholder: placeholderOf(role, field, this.#word) }));
    const visible = make("input", { id: `${id}-visible`, type: "checkbox" });
    const details = make("details", {},
      make("summary", { textContent: this.#word("options_more"), "aria-label": this.#word("options_more_named", name) }),
      make("div", { className: "fields" },
        ...more.flatMap((input) => [make("label", { htmlFor: input.id, textContent: this.#word(MORE_WORDS[input.dataset.field]) }), input]),
        make("label", { htmlFor: visible.id, textContent: this.#word("options_more_visible") }),
        visible));
    this.#rows.set(role, { css, remark, count, more, visible, details });
    const pick = make("button", { type: "button", className: "quiet", textContent: this.#word("options_pick"), "aria-label": this.#word("options_pick_named", name), dataset: { pick: role }, on: { click: () => onPick(role) } });
    return make("div", { className: "part" },
      make("label", { htmlFor: id }, name, ROLES[role].needed ? make("span", { className: "needed", textContent: this.#word("options_needed") }) : null),
      css,
      pick,
      count,
      remark,
      details);
  }

  #showRule(role, rule) {
    const row = this.#rows.get(role);
    if (!row) return;
    row.css.value = rule?.css ?? "";
    for (const input of row.more) {
      const value = rule?.[input.dataset.field];
      input.value = value === null ? "" : (value ?? "");
      input.dataset.unlimited = value === null ? "yes" : "";
    }
    row.visible.checked = rule?.visible === true;
    row.details.open = row.visible.checked || row.more.some((input) => input.value !== "" || input.dataset.unlimited !== "");
  }

  #ruleOf(role) {
    const row = this.#rows.get(role);
    const css = row.css.value.trim();
    if (!css) return null;
    const rule = { css };
    for (const input of row.more) {
      const { field, unlimited } = input.dataset;
      if (input.value !== "") rule[field] = input.type === "number" ? Number(input.value) : input.value;
      else if (unlimited) rule[field] = null;
    }
    if (row.visible.checked) rule.visible = true;
    return rule;
  }

  #showWho(rules) {
    byId("who").replaceChildren();
    for (const rule of rules) this.#addRule(rule);
  }

  #addRule(rule) {
    const options = (values, words) => values.map((value) => make("option", { value, textContent: this.#word(words[value]) }));
    const sender = make("select", { className: "rule-sender", "aria-label": this.#word("options_rule_sender") }, ...options(SENDERS, SENDER_WORDS));
    const how = make("select", { className: "rule-how", "aria-label": this.#word("options_rule_how") },
      make("option", { value: "css", textContent: this.#word("options_rule_css") }),
      ...POSITIONS.map((position) => make("option", { value: position, textContent: this.#word(POSITION_WORDS[position]) })));
    const css = make("input", { className: "rule-css code", spellcheck: false, autocomplete: "off", "aria-label": this.#word("options_rule_selector") });
    const toggle = () => {
      css.hidden = how.value !== "css";
    };
    sender.value = rule.sender ?? "buyer";
    how.value = rule.css === undefined ? (rule.position ?? "left") : "css";
    css.value = rule.css ?? "";
    how.addEventListener("input", toggle);
    toggle();
    const line = make("li", { className: "row" }, sender, how, css);
    line.append(make("button", { type: "button", className: "quiet", textContent: this.#word("options_remove_rule"), on: { click: () => {
      line.remove();
      document.querySelector("main").dispatchEvent(new Event("input"));
    } } }));
    byId("who").append(line);
    return line;
  }

  #kind(kind) {
    const input = make("input", { id: `kind-${kind}`, className: "code", spellcheck: false, autocomplete: "off" });
    this.#kinds.set(kind, input);
    return [make("label", { htmlFor: input.id, textContent: this.#word(KIND_WORDS[kind]) }), input];
  }
}

/** "3 个，应有 1 个", or for parts of messages "12/14". */
export function countText({ found, of, at_least: least, at_most: most, state }, word) {
  if (of !== null) return word("options_count_of", found, of);
  if (state === "missing" || state === "many") return word("options_count_wrong", found, least === most ? least : `${least}–${most ?? "∞"}`);
  return word("options_count", found);
}

function ruleOfLine(line) {
  const how = line.querySelector(".rule-how").value;
  const sender = line.querySelector(".rule-sender").value;
  return how === "css" ? { sender, css: line.querySelector(".rule-css").value.trim() } : { sender, position: how };
}

function placeholderOf(role, field, word) {
  if (field === "attribute") return word("options_more_attribute_example");
  if (field === "at_least") return String(ROLES[role].at_least);
  if (field === "at_most") return ROLES[role].at_most === null ? "∞" : String(ROLES[role].at_most);
  return "";
}

function mark(input, remark, text) {
  remark.textContent = text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}
