/**
 * Which messages of a page are new, though the page shows only a window of the conversation and draws it anew as it likes.
 * Values in, values out.
 */

/** At most so many messages of a conversation are remembered. */
export const REMEMBERED = 400;

/**
 * Pairs what is shown with what is known, both as texts in order, as a longest common subsequence.
 * Gives for each shown one the index of the known one it is, or -1.
 */
export function align(known, shown) {
  const width = shown.length + 1;
  const lengths = new Uint16Array((known.length + 1) * width);
  for (let row = known.length - 1; row >= 0; row -= 1) {
    for (let column = shown.length - 1; column >= 0; column -= 1) {
      const here = row * width + column;
      lengths[here] =
        known[row] === shown[column] ? lengths[here + width + 1] + 1 : Math.max(lengths[here + width], lengths[here + 1]);
    }
  }
  const pairs = new Array(shown.length).fill(-1);
  let row = 0;
  let column = 0;
  while (row < known.length && column < shown.length) {
    const here = row * width + column;
    if (known[row] === shown[column] && lengths[here] === lengths[here + width + 1] + 1) {
      pairs[column] = row;
      row += 1;
      column += 1;
    } else if (lengths[here + width] >= lengths[here + 1]) row += 1;
    else column += 1;
  }
  return pairs;
}

/**
 * Joins what is shown to what is known. `known` are `{like, ordinal, …}` in order, `shown` are likes in order; a like is all that
 * can be seen of a message. Gives `{known, fresh}`: the longer list, in which entries of new messages are `{like, ordinal}`, and
 * the new ones as `{index, entry, after}`: index in `shown`, and whether it came after all that was known; `met` is whether
 * anything known was shown at all.
 */
export function join(known, shown) {
  const pairs = align(known.map((entry) => entry.like), shown);
  const last = pairs.findLastIndex((row) => row >= 0);
  const counts = new Map();
  for (const { like, ordinal } of known) counts.set(like, Math.max(counts.get(like) ?? 0, ordinal + 1));
  const joined = [];
  const fresh = [];
  let row = 0;
  shown.forEach((like, index) => {
    if (pairs[index] >= 0) {
      while (row <= pairs[index]) joined.push(known[row++]);
      return;
    }
    const after = index > last;
    if (after) while (row < known.length) joined.push(known[row++]);
    const ordinal = counts.get(like) ?? 0;
    counts.set(like, ordinal + 1);
    const entry = { like, ordinal };
    joined.push(entry);
    fresh.push({ index, entry, after });
  });
  while (row < known.length) joined.push(known[row++]);
  return { known: joined.slice(-REMEMBERED), fresh, met: last >= 0 };
}
