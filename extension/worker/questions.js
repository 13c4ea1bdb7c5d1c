/** What the panel asks the service through the worker. A service that cannot be asked is an answer, too. */

import { readSettings } from "../shared/settings.js";
import { ask, ServiceError } from "./api.js";

/** All that is known of a conversation: "conversation", without detail where the service knows none. */
export async function readConversation({ session }) {
  return answered(
    { type: "conversation", session },
    async (settings) => ({ detail: await ask(settings, `/v1/sessions/${encodeURIComponent(session)}`) }),
  );
}

/** Phrases by a short code or words: "found". */
export async function searchPhrases({ query, session }) {
  return answered({ type: "found", query }, async (settings) => {
    const wanted = new URLSearchParams({ q: query, agent: settings.agent.id });
    if (session) wanted.set("session", session);
    const { hits } = await ask(settings, `/v1/phrases/search?${wanted}`);
    return { hits };
  });
}

/** What the agent says of a suggestion: "judged". */
export async function judge({ id, phrase_id, message, verdict }) {
  return answered({ type: "judged", id }, async (settings) => {
    const body = { id, phrase_id, message, verdict, by: settings.agent.id };
    const { results } = await ask(settings, "/v1/feedback", { body });
    return { note: results[0].note };
  });
}

async function answered(message, question) {
  try {
    return { ...message, ...(await question(await readSettings())) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return error.body?.reason === "unknown_session" ? message : { ...message, why: error.message };
  }
}
