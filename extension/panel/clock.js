/** Time by the server's clock: an agent's computer may be minutes off. */

let offsetMs = 0;

/** Server time minus ours, in milliseconds, as the worker measured it. */
export function setOffset(milliseconds) {
  offsetMs = milliseconds;
}

export const now = () => Date.now() + offsetMs;

const AMBER_MS = 80_000;
const RED_MS = 25_000;

/**
 * How a wait stands: {left, tone, share}. `left` is in milliseconds, negative once missed; `share` of the window, 0..1.
 * Tones are calm, amber, red and missed, with the dashboard's bounds; a short window has them in proportion.
 */
export function standingOf(openedAt, deadlineAt, at) {
  const window = Date.parse(deadlineAt) - Date.parse(openedAt);
  const left = Date.parse(deadlineAt) - at;
  const amber = Math.min(AMBER_MS, window * 0.45);
  const red = Math.min(RED_MS, window * 0.15);
  let tone = "calm";
  if (left < 0) tone = "missed";
  else if (left <= red) tone = "red";
  else if (left <= amber) tone = "amber";
  return { left, tone, share: window > 0 ? Math.min(1, Math.max(0, left / window)) : 0 };
}

/** Minutes and seconds, with hours where there are some; time left is rounded up, time past down. */
export function span(milliseconds) {
  const seconds = milliseconds >= 0 ? Math.ceil(milliseconds / 1000) : Math.floor(-milliseconds / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
