/** Joins the parts on a console's page: asks the worker which console this is, then reads, writes and guards it. */

const part = (path) => import(chrome.runtime.getURL(path));
const [{ TO_CONTENT, isOurs, read }, { ask }, { insertText }, { Guard }, { Watcher }, { createLintBar }, { keepChecking }] = await Promise.all(
  ["shared/protocol.js", "content/link.js", "content/composer.js", "content/guard.js", "content/watcher.js", "content/lint-bar.js", "content/self-check.js"].map(part),
);

/** The parts at work on this page, or null while the console is switched off. */
let work = null;

const HEAR = {
  "console/settings": (settings) => apply(settings),
  "draft/insert": ({ session, text }) => {
    const at = work?.watcher.where();
    if (!at?.composer) return { inserted: false, why: "no_box" };
    if (at.session !== session) return { inserted: false, why: "other_conversation" };
    insertText(at.composer, text);
    return { inserted: true };
  },
};

chrome.runtime.onMessage.addListener((raw, sender, reply) => {
  const message = isOurs(sender) && !sender.tab ? read(TO_CONTENT, raw) : null;
  if (message !== null) reply(HEAR[message.type](message) ?? { taken: true });
});

// What an earlier version of this script, left behind by an update, still shows.
for (const left of document.querySelectorAll("[data-miaohui]")) left.remove();
apply((await ask({ type: "console/hello", url: location.href })) ?? { on: false });

function apply({ on, definition }) {
  work?.guard.end();
  work?.watcher.end();
  work?.stopChecking();
  work = null;
  if (!on) return;
  const watcher = new Watcher(definition, () => guard.attend());
  const bar = createLintBar({
    sendAnyway: (reason) => guard.sendAnyway(reason),
    sendButton: () => watcher.where()?.sendButton ?? null,
  });
  const guard = new Guard(() => watcher.where(), bar);
  work = { watcher, guard, stopChecking: keepChecking(definition) };
  watcher.begin();
}
