/** Console definitions: the built-in sets of `consoles/` with the shop's changes, and the shop's own. */

const BUILT_IN = [];

/** All definitions, with `settings.consoles[id].overrides` laid over their selectors. */
export async function definitionsOf(settings) {
  const builtIn = await Promise.all(BUILT_IN.map(read));
  return [...builtIn, ...settings.own_consoles].map((definition) => {
    const overrides = settings.consoles[definition.id]?.overrides ?? {};
    return { ...definition, selectors: { ...definition.selectors, ...overrides } };
  });
}

async function read(id) {
  const answer = await fetch(chrome.runtime.getURL(`consoles/${id}.json`));
  return answer.json();
}
