/** The line to the worker, which the browser may end at any moment: it is opened again, and what was asked is asked anew. */

import { TO_PANEL, read } from "../shared/protocol.js";

const RETRY_MS = 300;
const PING_MS = 20_000;
const ANSWER_MS = 8_000;

/**
 * Open the line. `onMessage` gets what the worker pushes. `tell` posts a message; `ask` posts one and resolves with the
 * answer of the type that is named, or with null if none comes in time.
 */
export function openPort(onMessage) {
  let port = null;
  const pending = [];

  function connect() {
    try {
      port = chrome.runtime.connect({ name: "panel" });
    } catch {
      return; // the extension was reloaded: this page is going away
    }
    port.onMessage.addListener(receive);
    port.onDisconnect.addListener(() => {
      port = null;
      setTimeout(connect, RETRY_MS);
    });
    for (const question of pending) port.postMessage(question.message);
  }

  function receive(raw) {
    const message = read(TO_PANEL, raw);
    if (message === null) return;
    const place = pending.findIndex((each) => each.type === message.type && each.fits(message));
    if (place >= 0) pending.splice(place, 1)[0].resolve(message);
    else onMessage(message);
  }

  function tell(message) {
    port?.postMessage(message);
  }

  function ask(message, type, fits = () => true) {
    return new Promise((resolve) => {
      const question = { message, type, fits, resolve };
      pending.push(question);
      tell(message);
      setTimeout(() => {
        const place = pending.indexOf(question);
        if (place < 0) return;
        pending.splice(place, 1);
        resolve(null);
      }, ANSWER_MS);
    });
  }

  connect();
  setInterval(() => tell({ type: "ping" }), PING_MS);
  return { tell, ask };
}
