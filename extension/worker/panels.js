/** The panels that are open, each at the other end of a port. Ports end with the worker; a panel then connects anew. */

import { FROM_PANEL, isOurs, read } from "../shared/protocol.js";

const ports = new Set();

/** Take the port of a panel: `asked` is called with each message of it and a function that answers; `left` when none is left. */
export function welcome(port, asked, left) {
  if (port.name !== "panel" || !isOurs(port.sender) || !isPage(port.sender)) {
    port.disconnect();
    return;
  }
  ports.add(port);
  port.onMessage.addListener((raw) => {
    const message = read(FROM_PANEL, raw);
    if (message !== null) asked(message, (answer) => post(port, answer));
  });
  port.onDisconnect.addListener(() => {
    ports.delete(port);
    if (ports.size === 0) left();
  });
}

/** Tell every panel. */
export function pushToPanels(message) {
  for (const port of ports) post(port, message);
}

export function panelsOpen() {
  return ports.size > 0;
}

/** A page of the extension; content scripts bear the address of the site. */
function isPage(sender) {
  return sender.url?.startsWith(chrome.runtime.getURL("")) ?? false;
}

function post(port, message) {
  try {
    port.postMessage(message);
  } catch {
    ports.delete(port); // the panel closed in between
  }
}
