/** The console definitions that can be used, read once for the same settings: each message of a page asks for them. */

import { definitionsOf as readDefinitions } from "../consoles/catalog.js";

let latest = { of: null, definitions: null };

/** The checked definitions, built-in and the shop's own, with what the shop changed in them. */
export async function definitionsOf({ consoles, own_consoles }) {
  const of = JSON.stringify([consoles, own_consoles]);
  if (latest.of !== of) latest = { of, definitions: await readDefinitions({ consoles, own_consoles }) };
  return latest.definitions;
}
