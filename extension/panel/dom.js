/** Elements from values. Strangers' words become text nodes, never markup. */

/**
 * An element. `attributes` are set as they are, but: `class`, `text` (its text), `on` ({event: listener}), and flags that
 * are true or false. Children that are null are left out.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Somebody else's words: their direction is theirs alone, their line breaks are kept. */
export const words = (text, className = "words") => el("bdi", { class: className, text });

/** Write only what has changed, so that nothing flickers and screen readers are not woken. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Put new children into `place`; who was focused there stays focused, by id, with caret and selection. */
export function redraw(place, ...children) {
  const active = document.activeElement;
  const held = place.contains(active) && active.id ? active : null;
  const caret = held && "selectionStart" in held ? [held.selectionStart, held.selectionEnd] : null;
  const open = new Set([...place.querySelectorAll("details[open][id]")].map((each) => each.id));
  place.replaceChildren(...children.flat().filter(Boolean));
  for (const details of place.querySelectorAll("details[id]")) details.open ||= open.has(details.id);
  const heir = held && document.getElementById(held.id);
  if (!heir) return;
  heir.focus({ preventScroll: true });
  if (caret && caret[0] !== null) heir.setSelectionRange(...caret);
}
