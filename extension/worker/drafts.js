/** Drafts of the agent: may this be said? */

import { isPaired, readSettings } from "../shared/settings.js";
import { ask, ServiceError } from "./api.js";

/** Shorter than the content script waits, so that it hears why. */
const PATIENCE_MS = 1_200;
const EARLIER = 20;

/** `{findings, blocked, offline, why}`; offline: nobody checked it, and it may go. */
export async function check({ text, earlier = [] }) {
  const settings = await readSettings();
  if (!isPaired(settings)) return unchecked("unpaired");
  const said = earlier.filter((each) => typeof each === "string").slice(-EARLIER);
  try {
    const { findings } = await ask(settings, "/v1/lint", {
      body: { text, channel: "live", earlier: said, fixes: true },
      timeout: PATIENCE_MS,
    });
    return { findings, blocked: findings.some((finding) => finding.severity === "error"), offline: false, why: "" };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return unchecked(error.status === 401 || error.status === 403 ? "refused" : "down");
  }
}

/** The service holds the machine back where somebody types. That it cannot be told is no fault of the agent's. */
export async function typing({ session }) {
  const settings = await readSettings();
  if (!isPaired(settings)) return;
  try {
    await ask(settings, "/v1/typing", { body: { session, agent: settings.agent.id } });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
}

function unchecked(why) {
  return { findings: [], blocked: false, offline: true, why };
}
