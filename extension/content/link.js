/** The way to the worker. Nothing here throws: where the worker is gone, the answer is null. */

/** Is the extension that put this script here still there? After an update or a reload it is not. */
export function isAlive() {
  try {
    return chrome.runtime?.id !== undefined;
  } catch {
    return false;
  }
}

/** The worker's answer, or null if there was none within `patience` ms. */
export async function ask(message, patience = 10_000) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, patience, null);
  });
  try {
    // An orphaned script gets its error at once, not as a promise.
    return (await Promise.race([chrome.runtime.sendMessage(message), late])) ?? null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
