/** Where a finding stands: the service counts code points, the browser UTF-16 units. Values in, values out. */

/** The UTF-16 offset of a code point in the text. */
export function unitsTo(text, codePoint) {
  let at = 0;
  for (let passed = 0; passed < codePoint && at < text.length; passed += 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

/** [start, end) in UTF-16 units of what stands at `start` and `end` in code points. */
export function unitsOf(text, { start, end }) {
  return [unitsTo(text, start), unitsTo(text, end)];
}

/**
 * Where the same words stand in another rendering of the text, such as the text nodes of an editor, which has no line
 * breaks: the same one of all their occurrences; null if it has fewer.
 */
export function sameIn(other, text, [start, end]) {
  const words = text.slice(start, end);
  if (words === "") return null;
  let which = 0;
  for (let at = text.indexOf(words); at >= 0 && at < start; at = text.indexOf(words, at + 1)) which += 1;
  let at = other.indexOf(words);
  for (; which > 0 && at >= 0; which -= 1) at = other.indexOf(words, at + 1);
  return at < 0 ? null : [at, at + words.length];
}
