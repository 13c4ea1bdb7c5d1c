/** How the panel stands with the shop's service, and what is shown while there is nothing else to show. */

import { el } from "./dom.js";
import { t } from "./words.js";

const KNOWN = ["up", "down", "refused", "unpaired"];

/** The state of the line in two or three words. */
export function linkView({ state }) {
  return t(`link_${KNOWN.includes(state) ? state : "down"}`);
}

/** What stands above everything: a key that is refused, a service that is away, checks that are off. */
export function noticesView({ link, checking, outbox, openOptions }) {
  const notices = [];
  if (link.state === "refused") {
    notices.push(notice("bad", t("refused"), link.why, el("button", { class: "act", id: "to-options", type: "button", text: t("to_options"), on: { click: openOptions } })));
  }
  if (link.state === "down") notices.push(notice("bad", t("down"), t("down_more")));
  if (!checking && link.state !== "unpaired") notices.push(notice("warn", t("unchecked"), t("unchecked_more")));
  if (outbox.waiting > 0 && link.state !== "up") notices.push(notice("calm", t("outbox_waiting", outbox.waiting), ""));
  if (outbox.refused > 0) notices.push(notice("warn", t("outbox_refused", outbox.refused), ""));
  return notices;
}

function notice(tone, title, more, button = null) {
  return el("div", { class: `notice ${tone}` }, el("p", {}, el("strong", { text: title }), more ? el("span", { text: ` ${more}` }) : null), button);
}

/** The first thing that a newcomer sees. */
export function setupView(openOptions) {
  return [
    el(
      "div",
      { class: "empty tall" },
      el("p", { class: "empty-title", text: t("unpaired") }),
      el("p", { text: t("unpaired_more") }),
      el("button", { class: "act main", id: "pair", type: "button", text: t("pair"), on: { click: openOptions } }),
    ),
  ];
}

/** In place of a conversation: none is open, the service does not know it yet, it could not be read, or it is on its way. */
export function skeleton(why) {
  if (why === "loading") {
    return [el("div", { class: "loading", role: "status" }, el("span", { class: "hidden", text: t("loading") }), el("span", { class: "bone wide" }), el("span", { class: "bone" }), el("span", { class: "bone tall" }))];
  }
  return [el("div", { class: "empty" }, el("p", { class: "empty-title", text: t(why) }), el("p", { text: t(`${why}_more`) }))];
}

/** In place of waiting buyers. */
export function waitingEmpty({ state }) {
  const why = state === "up" ? "nobody" : "unknown_waiting";
  return [el("div", { class: "empty" }, el("p", { class: "empty-title", text: t(why) }), state === "up" ? el("p", { text: t("nobody_more") }) : null)];
}
