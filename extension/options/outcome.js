/** Shows what a test of a definition found on the page. */

import { ROLE_WORDS } from "../consoles/roles.js";
import { countText } from "./console-form.js";
import { make, quoted } from "./elements.js";

const STATE_WORDS = { fine: "options_test_fine", broken: "options_test_broken", closed: "options_test_closed", absent: "options_test_absent" };
const SENDER_WORDS = { buyer: "options_sender_buyer", agent: "options_sender_agent", robot: "options_sender_robot", system: "options_sender_system", unknown: "options_sender_unknown" };
const SIGNS = { fine: ["good", "✓"], missing: ["bad", "✗"], many: ["bad", "✗"], unjudged: ["faint", "–"] };

/** Fills `place` with counts, problems, who was recognised and what was read. */
export function showOutcome(place, outcome, word, language) {
  const { state, parts, problems, doubts, senders, messages, buyer } = outcome;
  place.replaceChildren(
    make("p", { className: `state ${state === "fine" ? "good" : "bad"}`, id: "outcome-state", dataset: { state }, textContent: word(STATE_WORDS[state]) }),
    list(problems, "bad"),
    list(doubts, "warn"),
    make("p", {},
      make("strong", { textContent: word("options_found_buyer") }), " ", quoted(buyer.name || "—"), " ", make("span", { className: "faint", textContent: buyer.id }),
      " · ",
      make("strong", { textContent: word("options_found_senders") }), " ",
      Object.entries(senders).filter(([, count]) => count > 0).map(([sender, count]) => `${word(SENDER_WORDS[sender])} ${count}`).join(" · ") || "—"),
    messages.length > 0 ? messageTable(messages) : null ?? "",
    partTable(parts),
  );

  function list(entries, look) {
    return make("ul", { className: "points" }, ...entries.map((entry) => make("li", { className: look, textContent: entry[language] })));
  }

  function messageTable(read) {
    const head = ["options_col_sender", "options_col_text", "options_col_time", "options_col_id"];
    return scrolling("options_read_title", make("table", { id: "read-messages" },
      make("caption", { textContent: word("options_read_title") }),
      make("thead", {}, make("tr", {}, ...head.map((key) => make("th", { scope: "col", textContent: word(key) })))),
      make("tbody", {}, ...read.map(({ sender, kind, text, time, id }) => make("tr", { dataset: { sender: sender ?? "unknown" } },
        make("td", { textContent: word(SENDER_WORDS[sender ?? "unknown"]) }),
        make("td", {}, kind === "text" ? "" : `[${kind}] `, quoted(text)),
        make("td", {}, quoted(time)),
        make("td", { className: "code" }, quoted(id)))))));
  }

  function partTable(found) {
    return scrolling("options_parts_title", make("table", { id: "found-parts" },
      make("caption", { textContent: word("options_parts_title") }),
      make("thead", {}, make("tr", {}, ...["options_col_part", "options_col_found", "options_col_sample"].map((key) => make("th", { scope: "col", textContent: word(key) })))),
      make("tbody", {}, ...found.map((part) => {
        const [look, sign] = SIGNS[part.state];
        return make("tr", { dataset: { role: part.role, state: part.state } },
          make("th", { scope: "row", textContent: ROLE_WORDS[part.role][language] }),
          make("td", { className: look, textContent: `${sign} ${countText(part, word)}` }),
          make("td", {}, quoted(part.sample)));
      }))));
  }

  function scrolling(label, table) {
    return make("div", { className: "scrolling", tabIndex: 0, role: "region", "aria-label": word(label) }, table);
  }
}
