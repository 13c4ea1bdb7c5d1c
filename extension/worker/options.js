/** What the options pages ask of the worker, since it alone has network. */

import { isOurs } from "../shared/protocol.js";
import { tryConnection } from "./probe.js";

const FIELDS = ["server", "shop", "key", "secret"];

/** Answer `{type: "options/try", settings}` with the steps of probe.js; nobody but the options pages is heard. */
export function serveOptions() {
  chrome.runtime.onMessage.addListener((message, sender, reply) => {
    const fromOptions = isOurs(sender) && (sender.url ?? "").startsWith(chrome.runtime.getURL("options/"));
    if (!fromOptions || message?.type !== "options/try") return false;
    const given = message.settings ?? {};
    if (!FIELDS.every((field) => typeof given[field] === "string")) return false;
    tryConnection(given, Date.now()).then(reply);
    return true;
  });
}
