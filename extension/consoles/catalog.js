/** All console definitions of this extension: the built-in sets with what the shop changed in them, and the shop's own. */
import { isComplete, readConsole, withOverrides } from "./read.js";

export const BUILT_IN = Object.freeze(["feige", "kuaishou", "pinduoduo", "qianniu", "chatwoot", "conversejs"]);

/**
 * Every console as the options page lists it: `{id, definition, console, problems, complete, own, on, confirmed}`.
 *
 * `definition` is the raw one with the shop's changes, `console` the checked one, or null where it has an error; `confirmed` is
 * `{at, by}` where somebody of the shop confirmed it on the live page. `settings` is what shared/settings.js stores.
 */
export async function consolesOf(settings) {
  const builtIn = await Promise.all(BUILT_IN.map(async (id) => entryOf(await readBuiltIn(id), settings, false)));
  return [...builtIn, ...settings.own_consoles.map((definition) => entryOf(definition, settings, true))];
}

/** The checked definitions that can be used, switched on or not: what pages are read by. */
export async function definitionsOf(settings) {
  return (await consolesOf(settings)).filter((entry) => entry.console !== null && entry.complete).map((entry) => entry.console);
}

/** A built-in set as it is shipped. */
export async function readBuiltIn(id) {
  const answer = await fetch(chrome.runtime.getURL(`consoles/${id}.json`));
  return answer.json();
}

function entryOf(shipped, settings, own) {
  const kept = settings.consoles[shipped.id] ?? {};
  const definition = withOverrides(shipped, kept.overrides);
  const { console, problems } = readConsole(definition);
  return { id: shipped.id, definition, console, problems, complete: isComplete(definition), own, on: kept.on === true, confirmed: kept.confirmed ?? null };
}
