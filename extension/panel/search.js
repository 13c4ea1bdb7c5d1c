/** The search box: phrases by short code (/tk) or words, in the same cards as suggestions. */

import { el, redraw, words } from "./dom.js";
import { replyCard } from "./reply-card.js";
import { t } from "./words.js";

const PAUSE_MS = 150;

/** `find(query)` resolves with {hits} or null; `actions()` are those of the cards. */
export function searchBox({ find, actions }) {
  const input = document.getElementById("query");
  const found = document.getElementById("found");
  input.placeholder = t("search_placeholder");
  input.setAttribute("aria-label", t("search"));
  let replies = null; // null: nothing was looked for
  let failed = false;
  let timer = null;

  async function look() {
    const query = input.value.trim();
    if (query === "") {
      show(null);
      return;
    }
    const answer = await find(query);
    if (query !== input.value.trim()) return; // somebody typed on
    failed = !answer?.hits;
    show(answer?.hits?.map((hit) => ({ ...hit, key: `search:${hit.phrase_id}`, title: titleOf(hit) })) ?? []);
  }

  function show(next) {
    replies = next;
    draw();
  }

  function draw() {
    if (replies === null) redraw(found);
    else if (failed) redraw(found, el("p", { class: "faint", text: t("search_failed") }));
    else if (replies.length === 0) redraw(found, el("p", { class: "faint" }, words(t("nothing_found", input.value.trim()))));
    else {
      redraw(
        found,
        el(
          "ol",
          { class: "replies", "aria-label": t("found", replies.length) },
          replies.map((reply, place) => replyCard(reply, { id: `found-${place}`, primary: place === 0, actions: { ...actions(), redraw: draw } })),
        ),
      );
    }
  }

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(look, PAUSE_MS);
  });
  input.addEventListener("compositionend", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      input.value = "";
      show(null);
      input.blur();
    } else if (event.key === "Enter" && replies?.length) {
      event.preventDefault();
      actions().insert(replies[0]);
    } else if (event.key === "ArrowDown" && replies?.length) {
      event.preventDefault();
      document.getElementById("found-0-insert")?.focus();
    }
  });
  return { focus: () => input.focus(), redraw: draw };
}

function titleOf(hit) {
  return [hit.code && `/${hit.code}`, hit.title || hit.category].filter(Boolean).join(" · ");
}
