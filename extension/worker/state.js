/**
 * What the worker knows of the moment, in chrome.storage.session: it outlives the worker, not the browser, and pages and
 * content scripts cannot read it.
 */

const DEFAULTS = {
  /** The consoles that are open: {"tab:frame": {tab, frame, console}}. */
  pages: {},
  /** The conversation that the agent looks at: {tab, frame, console, session, buyer, buyer_name, active_at}, or null. */
  open: null,
  /** The last decision for each session, newest last, at most 50: [[session, decision]]. */
  decisions: [],
  /** Who waits, as GET /v1/sessions gave it. */
  waiting: [],
  /** The service's clock minus ours, in milliseconds. */
  offset_ms: 0,
  /** {state: "unpaired"|"up"|"down"|"refused", why}. */
  link: { state: "unpaired", why: "" },
  /** Who was told to be online. */
  online: null,
  /** The last self-check of each console: {console: {tab, frame, results, at}}. */
  checks: {},
  /** Waiting items that the agent was told of: ["session deadline_at"]. */
  told: [],
};

/** The value of one of the names above. */
export async function get(name) {
  return (await chrome.storage.session.get(name))[name] ?? DEFAULTS[name];
}

/** Change one of them by a function of its value; changes of one name do not cross. Resolves to the new value. */
export async function change(name, become) {
  return navigator.locks.request(`state ${name}`, async () => {
    const value = become(await get(name));
    await chrome.storage.session.set({ [name]: value });
    return value;
  });
}
