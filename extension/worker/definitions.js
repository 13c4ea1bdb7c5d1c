/** Console definitions: the built-in sets of `consoles/` with the shop's changes, and the shop's own. */

import { readConsole, withOverrides } from "../consoles/read.js";

export const BUILT_IN = Object.freeze(["conversejs"]);

/** All definitions that can be read, with what the shop changed in them. */
export async function definitionsOf(settings) {
  const builtIn = await Promise.all(BUILT_IN.map(readBuiltIn));
  return [...builtIn, ...settings.own_consoles]
    .map((definition) => readConsole(withOverrides(definition, settings.consoles[definition.id]?.overrides)).console)
    .filter((definition) => definition !== null);
}

async function readBuiltIn(id) {
  const answer = await fetch(chrome.runtime.getURL(`consoles/${id}.json`));
  return answer.json();
}
