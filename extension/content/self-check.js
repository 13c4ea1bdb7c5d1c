/**
 * Tries the definition on the page now and then, and tells the worker what no longer matches. No text of the page leaves it: only
 * what is missing, and how many.
 */

const { ask } = await import(chrome.runtime.getURL("content/link.js"));
const { check } = await import(chrome.runtime.getURL("consoles/check.js"));

const SOON_MS = 2_000;
const LATER_MS = 60_000;

/** Begin to check; gives the function that ends it. */
export function keepChecking(definition) {
  let before = null;
  let told = null;
  let timer = setTimeout(look, SOON_MS);
  return () => clearTimeout(timer);

  function look() {
    const { state, problems, doubts, senders } = check(document, definition);
    const judged = state === "fine" || state === "broken";
    const now = JSON.stringify([state, problems]);
    // A page that is being built lacks much for a moment: what is missing is told only when it is still missing.
    const sure = judged && (state === "fine" || now === before);
    if (sure && now !== told) {
      told = now;
      ask({ type: "console/checked", console: definition.id, results: { state, problems, doubts, senders } });
    }
    before = now;
    timer = setTimeout(look, sure ? LATER_MS : SOON_MS);
  }
}
