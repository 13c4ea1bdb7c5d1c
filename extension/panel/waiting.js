/** The list of waiting buyers: whose clock runs out next. */

import { now, span, standingOf } from "./clock.js";
import { el, redraw, words, write } from "./dom.js";
import { t } from "./words.js";

const SHOWN = 4;

/**
 * Draw the list. `waiting` as the service gives it, in its order; `current` is the session in view, `open` the one on the
 * page. `all` unfolds it. `onLook(session)` is called for the one that is clicked.
 */
export function drawWaiting({ waiting, current, open, names, all, onLook, onAll }) {
  const list = document.getElementById("buyers");
  const shown = all ? waiting : waiting.slice(0, SHOWN);
  const more = waiting.length - shown.length;
  redraw(
    list,
    shown.map((each, place) => row(each, place, { current, open, names, onLook })),
    more > 0
      ? el("li", {}, el("button", { class: "more", id: "all-buyers", type: "button", text: t("more_waiting", more), on: { click: onAll } }))
      : null,
  );
  write(document.getElementById("waiting-count"), String(waiting.length));
  tickWaiting();
}

/** Move the clocks on; true if somebody has just been missed. */
export function tickWaiting() {
  const at = now();
  let missed = 0;
  for (const item of document.querySelectorAll("[data-deadline]")) {
    const { left, tone, share } = standingOf(item.dataset.opened, item.dataset.deadline, at);
    write(item.querySelector("[data-left]"), span(left));
    const name = item.querySelector("[data-left-name]");
    if (name) write(name, t(`left_${tone}`));
    const bar = item.querySelector("[data-bar]");
    if (bar) bar.style.transform = `scaleX(${share.toFixed(2)})`;
    item.dataset.tone = tone;
    if (item.classList.contains("buyer") && tone === "missed") missed += 1;
  }
  const count = document.getElementById("missed-count");
  count.hidden = missed === 0;
  write(count, t("missed_count", missed));
}

function row(waiting, place, { current, open, names, onLook }) {
  const name = names.get(waiting.session) ?? waiting.buyer;
  return el(
    "li",
    {
      class: "buyer",
      "data-session": waiting.session,
      "data-opened": waiting.waiting_since,
      "data-deadline": waiting.deadline_at,
      "data-uncounted": !waiting.counted,
    },
    el(
      "button",
      {
        class: "buyer-in",
        id: `buyer-${place}`,
        type: "button",
        "aria-current": waiting.session === current ? "true" : null,
        on: { click: () => onLook(waiting.session) },
      },
      el(
        "span",
        { class: "buyer-time" },
        el("span", { class: "left", "data-left": true }),
        el("span", { class: "left-name", "data-left-name": true }),
      ),
      el(
        "span",
        { class: "buyer-body" },
        el(
          "span",
          { class: "buyer-head" },
          words(name, "who"),
          waiting.session === open ? el("span", { class: "badge good", text: t("on_page") }) : null,
          waiting.counted ? null : el("span", { class: "badge plain", text: t("uncounted") }),
          waiting.note ? el("span", { class: "badge warn", title: waiting.note, text: t("machine_answered") }) : null,
        ),
        el("span", { class: "said" }, words(saidIn(waiting))),
      ),
      el("span", { class: "bar", "aria-hidden": "true" }, el("span", { class: "bar-in", "data-bar": true })),
    ),
  );
}

/** What the buyer said, or what kind of thing was sent in place of words. */
export function saidIn({ text, kind }) {
  return text.trim() || t(`kind_${kind}`);
}
