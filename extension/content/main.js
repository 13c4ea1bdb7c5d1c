/** Joins the parts on a console's page: asks the worker which console this is, then reads, writes and guards it. */

const { TO_CONTENT } = await import(chrome.runtime.getURL("shared/protocol.js"));
