/** Follows the service's stream of changes while a panel is open. */

import { isPaired, readSettings } from "../shared/settings.js";
import { follow } from "./api.js";
import { panelsOpen } from "./panels.js";

const AGAIN_MS = 3_000;
let following = null;

/** Follow the stream, unless it is followed already; `changed` is called at each change. Begins anew when it breaks. */
export async function followChanges(changed) {
  if (following) return;
  following = new AbortController();
  const { signal } = following;
  while (panelsOpen() && !signal.aborted) {
    const settings = await readSettings();
    if (isPaired(settings)) {
      try {
        await follow(settings, signal, changed);
      } catch {
        if (!signal.aborted) changed();
      }
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  if (following?.signal === signal) following = null;
}

/** Let go of the stream: no panel is open, or another service is meant now. */
export function stopFollowing() {
  following?.abort();
  following = null;
}
