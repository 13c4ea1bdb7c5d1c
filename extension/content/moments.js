/** Times as consoles show them. Values in, values out; times without a zone are the browser's own. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const DATE = /(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?/u;
const CLOCK = /(上午|下午|晚上|中午|凌晨|早上|am|pm)?\s*(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?(?:\.\d+)?\s*(am|pm)?/iu;
const DAYS_AGO = [[/昨天|yesterday/iu, 1], [/前天/u, 2]];
const LATER_HALF = new Set(["下午", "晚上", "pm"]);
const EARLIER_HALF = new Set(["凌晨", "上午", "早上", "am"]);
const ISO = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$/u;

/**
 * The moment that a shown time means: `{at, unit}` in milliseconds, where `unit` says how finely it is told; or null if it
 * cannot be read. A time without a date is the latest such moment that is not in the future.
 */
export function readMoment(shown, now) {
  const text = shown.trim();
  if (/^\d{13}$/u.test(text)) return { at: Number(text), unit: 1 };
  if (/^\d{10}$/u.test(text)) return { at: Number(text) * SECOND, unit: SECOND };
  if (ISO.test(text)) return told(Date.parse(text), 1);
  if (/^刚刚$|^just now$/iu.test(text)) return { at: now, unit: MINUTE };
  const clock = CLOCK.exec(text);
  if (clock === null) return null;
  const date = DATE.exec(text.replace(clock[0], ""));
  const [hour, minute, second] = [hourOf(clock), Number(clock[3]), Number(clock[4] ?? 0)];
  if (hour > 24 || minute > 59 || second > 59) return null;
  const unit = clock[4] === undefined ? MINUTE : SECOND;
  const today = new Date(now);
  if (date !== null) {
    const year = date[1] === undefined ? today.getFullYear() : Number(date[1]);
    const at = new Date(year, Number(date[2]) - 1, Number(date[3]), hour, minute, second).getTime();
    // A date without a year that would lie ahead is last year's.
    return told(date[1] === undefined && at > now + DAY ? new Date(at).setFullYear(year - 1) : at, unit);
  }
  const ago = DAYS_AGO.find(([words]) => words.test(text))?.[1];
  const at = new Date(today.getFullYear(), today.getMonth(), today.getDate() - (ago ?? 0), hour, minute, second).getTime();
  return told(ago === undefined && at > now + MINUTE ? at - DAY : at, unit);
}

function hourOf(clock) {
  const hour = Number(clock[2]);
  const half = (clock[1] ?? clock[5] ?? "").toLowerCase();
  if (LATER_HALF.has(half) && hour < 12) return hour + 12;
  if (EARLIER_HALF.has(half) && hour === 12) return 0;
  return hour;
}

function told(at, unit) {
  return Number.isFinite(at) ? { at, unit } : null;
}
