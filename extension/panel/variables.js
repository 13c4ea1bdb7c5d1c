/** The variables of a reply, `{name}`: checked as the service checks them, and put into their places. */

const VARIABLE = /(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})/g;

/** What is wrong with a value of this variable, in words for people; null if nothing is. `required` is said of an empty one. */
export function complaintOf(variable, value, required) {
  const given = value.trim();
  if (given === "") return required;
  if ([...given].length > variable.max_length) return `≤ ${variable.max_length}`;
  const fits = variable.pattern === null || new RegExp(`^(?:${variable.pattern})$`, "is").test(given);
  return fits ? null : variable.hint;
}

/** The text with the values in the places of their variables; one without a value stays. A value is never read again. */
export function filled(text, values) {
  return text.replace(VARIABLE, (whole, name) => values[name]?.trim() || whole);
}

/** The text in pieces, in order: {text} or {name} of a variable. */
export function piecesOf(text) {
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(VARIABLE)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) });
    pieces.push({ name: match[1] });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}
