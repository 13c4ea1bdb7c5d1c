/**
 * One reply that an agent may put into the box: its words and why, other wordings, variables to fill, a verdict.
 *
 * What somebody chose and typed on a card (wording, values, verdict) is kept by the card's key, so that drawing it anew
 * loses nothing.
 */

import { el, words } from "./dom.js";
import { complaintOf, filled, piecesOf } from "./variables.js";
import { percent, t } from "./words.js";

const KEPT = 200;
const kept = new Map();

function choicesOf(key) {
  const known = kept.get(key) ?? { wording: 0, values: {}, verdict: null, tried: false };
  kept.delete(key);
  kept.set(key, known);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return known;
}

/** What the card shows now, ready for the box: {text, phrase_id, variant}, or null while a variable is not filled. */
export function readyReply(reply) {
  const choices = choicesOf(reply.key);
  const wording = wordingOf(reply, choices);
  const missing = wording.variables.some((each) => complaintOf(each, choices.values[each.name] ?? "", "") !== null);
  if (missing) return null;
  return { text: filled(wording.text, choices.values), phrase_id: reply.phrase_id ?? null, variant: choices.wording };
}

/** From now on the card says which of its variables is not filled. */
export function insist(reply) {
  choicesOf(reply.key).tried = true;
}

/**
 * The card of a reply: {key, phrase_id?, title, why[], score?, wordings[], message?, badge?}. `number` is its key, if it
 * has one. `actions` are {insert(reply), judge(reply, verdict), redraw()}.
 */
export function replyCard(reply, { number = null, primary = false, id, actions }) {
  const choices = choicesOf(reply.key);
  const wording = wordingOf(reply, choices);
  const card = el("li", { class: primary ? "reply primary" : "reply", id, "data-phrase": reply.phrase_id });
  const parts = [
    cardHead(reply, number),
    el("p", { class: "reply-words" }, ...shownWords(wording, choices)),
    wording.said ? el("p", { class: "faint small", text: t("already_said") }) : null,
    reply.why.length ? el("p", { class: "chips" }, reply.why.map((reason) => el("span", { class: "chip" }, words(reason)))) : null,
    wording.variables.length ? form(wording, choices, id, card) : null,
    buttons(reply, choices, { primary, id, actions }),
  ];
  card.append(...parts.filter(Boolean));
  return card;
}

function cardHead(reply, number) {
  return el(
    "div",
    { class: "reply-head" },
    number === null ? null : el("kbd", { class: "number", text: String(number), title: t("key_of", number) }),
    reply.badge ? el("span", { class: "badge calm", text: reply.badge }) : null,
    reply.title ? words(reply.title, "reply-title") : null,
    el("span", { class: "grow" }),
    typeof reply.score === "number"
      ? el("span", { class: "score", title: t("chance"), text: t("chance_of", percent(reply.score)) })
      : null,
  );
}

function wordingOf(reply, choices) {
  return reply.wordings[choices.wording % reply.wordings.length];
}

/** The words with what is filled in marked, and what is not. */
function shownWords(wording, choices) {
  const labels = Object.fromEntries(wording.variables.map((each) => [each.name, each.label]));
  return piecesOf(wording.text).map((piece) => {
    if (piece.text !== undefined) return words(piece.text);
    const value = choices.values[piece.name]?.trim();
    return el("bdi", { class: value ? "filled" : "blank", "data-name": piece.name, text: value || labels[piece.name] || piece.name });
  });
}

function form(wording, choices, id, card) {
  return el(
    "div",
    { class: "fields" },
    wording.variables.map((variable) => {
      const field = `${id}-${variable.name}`;
      const input = el("input", {
        id: field,
        type: "text",
        autocomplete: "off",
        value: choices.values[variable.name] ?? "",
        placeholder: variable.hint || null,
        "aria-describedby": `${field}-help`,
      });
      const help = el("span", { class: "field-help", id: `${field}-help` });
      const judge = () => {
        const complaint = complaintOf(variable, choices.values[variable.name] ?? "", t("fill_this"));
        const told = complaint !== null && (choices.tried || (choices.values[variable.name] ?? "") !== "");
        help.textContent = told ? complaint : "";
        input.setAttribute("aria-invalid", String(told));
      };
      input.addEventListener("input", () => {
        choices.values[variable.name] = input.value;
        card.querySelector(".reply-words").replaceChildren(...shownWords(wording, choices));
        judge();
      });
      judge();
      return el("div", { class: "field" }, el("label", { for: field, text: variable.label }), input, help);
    }),
  );
}

function buttons(reply, choices, { primary, id, actions }) {
  const row = el("div", { class: "reply-buttons" });
  row.append(
    el("button", {
      class: primary ? "act main" : "act",
      id: `${id}-insert`,
      type: "button",
      text: t("insert"),
      on: { click: () => actions.insert(reply) },
    }),
  );
  if (reply.wordings.length > 1) {
    const place = (choices.wording % reply.wordings.length) + 1;
    row.append(
      el("button", {
        class: "act",
        id: `${id}-next`,
        type: "button",
        text: t("next_wording", place, reply.wordings.length),
        title: t("next_wording_help", place, reply.wordings.length),
        on: {
          click: () => {
            choices.wording = (choices.wording + 1) % reply.wordings.length;
            actions.redraw();
          },
        },
      }),
    );
  }
  if (reply.phrase_id && reply.message) {
    const verdicts = ["accepted", "rejected"].map((name) => verdict(reply, choices, name, id, actions));
    row.append(el("span", { class: "verdicts" }, verdicts));
  }
  return row;
}

function verdict(reply, choices, name, id, actions) {
  const given = choices.verdict === name;
  return el("button", {
    class: "verdict",
    id: `${id}-${name}`,
    type: "button",
    "aria-pressed": String(given),
    disabled: choices.verdict !== null,
    text: t(given ? `${name}_done` : name),
    title: t(`${name}_help`),
    on: {
      click: async () => {
        choices.verdict = name;
        actions.redraw();
        if (!(await actions.judge(reply, name))) choices.verdict = null;
        actions.redraw();
      },
    },
  });
}
