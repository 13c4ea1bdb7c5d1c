/** Names of sessions and messages: the same for the same message, in every browser that sees it. Values in, values out. */

const LONGEST = 60;
const SHANGHAI_MS = 8 * 3600 * 1000;

/** The service's session of a conversation: the console's own, or the conversation and its day. `at` is in milliseconds. */
export function sessionOf(console, conversation, at, ownSession) {
  if (ownSession) return `${console}:${brief(ownSession)}`;
  return `${console}:${brief(conversation)}:${dayOf(at)}`;
}

/** The key of a message that bears an id of the console. */
export function keyById(console, conversation, id) {
  return `${console}:${brief(conversation)}:${brief(id)}`;
}

/** The key of a message without one: what it says, when, and the how-many-eth of its like it is, from 0. */
export function keyByContent(console, conversation, like, at, ordinal) {
  return `${console}:${brief(conversation)}:~${digest(`${dayOf(at)}\n${like}\n${ordinal}`)}`;
}

/** The day of a moment where the platforms are. */
export function dayOf(at) {
  return new Date(at + SHANGHAI_MS).toISOString().slice(0, 10);
}

/** A short name stays as it is; a long one becomes its digest. */
function brief(name) {
  return name.length <= LONGEST ? name : `~${digest(name)}`;
}

/** 106 bits of a text in hexadecimal; WebCrypto is not there on pages without TLS. */
export function digest(text) {
  return half(text, 0x9e3779b9) + half(text, 0x85ebca6b);
}

/** cyrb53: 53 bits. */
function half(text, seed) {
  let one = 0xdeadbeef ^ seed;
  let two = 0x41c6ce57 ^ seed;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 2654435761);
    two = Math.imul(two ^ unit, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return (4294967296 * (2097151 & two) + (one >>> 0)).toString(16).padStart(14, "0");
}
