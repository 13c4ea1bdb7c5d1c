/** The conversation in view: its clock, what fits, whether to invite a rating, what was said before, what the machine did. */

import { el, words } from "./dom.js";
import { replyCard } from "./reply-card.js";
import { saidIn } from "./waiting.js";
import { percent, t, timeOfDay } from "./words.js";

const ADVICE_TONES = { invite: "good", wait: "calm", no: "plain" };

/** The replies that have the keys 1, 2, 3: what the machine has ready, then the suggestions. */
export function repliesOf(detail) {
  const replies = detail.suggestions.map((hit) => ({
    key: `${detail.session}:${hit.message}:${hit.phrase_id}`,
    phrase_id: hit.phrase_id,
    title: hit.title,
    why: hit.why,
    score: hit.score,
    wordings: hit.wordings,
    message: hit.message,
  }));
  if (detail.prepared) {
    replies.unshift({
      key: `${detail.session}:prepared:${detail.prepared.expires_at}`,
      title: "",
      badge: t(`purpose_${detail.prepared.purpose}`),
      why: [],
      wordings: [{ text: detail.prepared.text, said: false, variables: [] }],
    });
  }
  return replies;
}

/** The upper part: who waits since when, and the replies; before them the advice to invite a rating, if that is it. */
export function talkView(detail, { away, onBack, actions }) {
  const replies = repliesOf(detail);
  const invites = detail.rating_advice?.advice === "invite";
  return [
    away ? awayNote(onBack) : null,
    head(detail),
    said(detail),
    ...notes(detail),
    detail.summary?.text ? el("p", { class: "recap" }, el("strong", { text: t("before") }), " ", words(detail.summary.text)) : null,
    invites ? advice(detail, actions) : null,
    replies.length
      ? el(
          "ol",
          { class: "replies", "aria-label": t("suggestions") },
          replies.map((reply, place) =>
            replyCard(reply, { number: place < 3 ? place + 1 : null, primary: place === 0, id: `reply-${place}`, actions }),
          ),
        )
      : el("p", { class: "faint no-reply", text: t(detail.waiting.length ? "no_reply_fits" : "nobody_waits_here") }),
  ];
}

/** The lower part: rating advice, where the buyer should go, what was said before, what the machine did. */
export function moreView(detail, actions) {
  return [
    detail.rating_advice && detail.rating_advice.advice !== "invite" ? advice(detail, actions) : null,
    detail.routing_advice ? routing(detail.routing_advice) : null,
    detail.summary ? history(detail.summary) : null,
    detail.acts.length ? acts(detail.acts) : null,
  ].filter(Boolean);
}

function awayNote(onBack) {
  return el(
    "p",
    { class: "note calm" },
    el("span", { text: t("looking_elsewhere") }),
    el("button", { class: "link", id: "back", type: "button", text: t("back_to_page"), on: { click: onBack } }),
  );
}

function head(detail) {
  const first = detail.waiting[0];
  return el(
    "div",
    {
      class: "talk-head",
      "data-opened": first?.opened_at,
      "data-deadline": first?.deadline_at,
      "data-uncounted": first ? !first.counted : null,
    },
    el("h3", { class: "talk-who" }, words(detail.buyer_name ?? detail.buyer)),
    first
      ? el(
          "span",
          { class: "clock" },
          el("span", { class: "left-name", "data-left-name": true }),
          el("span", { class: "left", "data-left": true }),
        )
      : el("span", { class: "badge good", text: t("answered") }),
  );
}

function said(detail) {
  const asked = detail.waiting.length ? detail.waiting : detail.message ? [detail.message] : [];
  if (asked.length === 0) return null;
  return el(
    "ul",
    { class: "asked" },
    asked.slice(-3).map((each) => el("li", { class: "bubble" }, words(saidIn({ text: each.text, kind: each.kind ?? "text" })))),
  );
}

function notes(detail) {
  const [first] = detail.waiting;
  if (!first) return [];
  const lines = [];
  if (first.note) lines.push(el("p", { class: "note warn", text: first.note }));
  if (!first.counted) lines.push(el("p", { class: "note calm", text: t("why_uncounted", first.why_uncounted ?? t("uncounted")) }));
  return lines;
}

function part(id, title, badge, ...children) {
  return el("section", { class: "card", id }, el("h3", { class: "card-head" }, el("span", { text: title }), badge), ...children);
}

function advice(detail, actions) {
  const { advice: verdict, reasons, p_satisfied: chance, text, texts = [], effect } = detail.rating_advice;
  const wordings = [...new Set([text, ...texts].filter(Boolean))].map((each) => ({ text: each, said: false, variables: [] }));
  const invitation = { key: `${detail.session}:invite`, title: t("invitation"), why: [], wordings };
  return part(
    "advice",
    t("rating"),
    el("span", { class: `badge ${ADVICE_TONES[verdict] ?? "plain"}`, text: t(`advice_${verdict}`) }),
    el("p", { class: "faint small", text: t("p_satisfied", percent(chance)) }),
    el("ul", { class: "reasons" }, reasons.map((reason) => el("li", {}, words(reason)))),
    effectLine(effect),
    wordings.length ? el("ol", { class: "replies" }, replyCard(invitation, { id: "invitation", actions })) : null,
  );
}

/** What an invitation would do to the shop's rate, where the service says so in words. */
function effectLine(effect) {
  const said = typeof effect === "string" ? effect : effect?.text;
  return said ? el("p", { class: "effect" }, words(said)) : null;
}

function routing(advice) {
  return part(
    "routing",
    t("routing"),
    null,
    el("p", {}, advice.agent ? words(t("route_to", advice.agent)) : t("route_nobody"), " ", el("span", { class: "faint" }, words(advice.reason))),
    advice.hints.length ? el("ul", { class: "reasons" }, advice.hints.map((hint) => el("li", {}, words(hint)))) : null,
  );
}

function history(summary) {
  const lines = [
    ...summary.promises.map((each) => [t("promised"), t("promise_of", each.agent ?? t("an_agent"), each.text)]),
    ...summary.answered.map((each) => [t("asked_before"), t("asked_and_told", each.question, each.answer)]),
    ...summary.orders.map((each) => [t("order"), each]),
    ...summary.items.map((each) => [t("item"), each]),
  ];
  if (lines.length === 0) return null;
  return part(
    "history",
    t("history"),
    summary.mood === "upset" ? el("span", { class: "badge bad", text: t("upset") }) : null,
    el("dl", { class: "lines" }, lines.flatMap(([name, line]) => [el("dt", { text: name }), el("dd", {}, words(line))])),
  );
}

function acts(list) {
  return part(
    "acts",
    t("machine"),
    null,
    el(
      "ol",
      { class: "acts" },
      list.map((act) =>
        el(
          "li",
          {},
          el("time", { datetime: act.at, text: timeOfDay(act.at) }),
          el(
            "span",
            {},
            el("span", { class: "act-title", text: act.title }),
            act.late ? el("span", { class: "badge warn", text: t("late") }) : null,
            act.text ? el("span", { class: "act-words" }, words(act.text)) : null,
            act.reasons.length ? el("span", { class: "faint small" }, words(act.reasons.join("；"))) : null,
          ),
        ),
      ),
    ),
  );
}
