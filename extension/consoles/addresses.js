/** Address patterns of pages, in the form that the browser itself uses (https://host[:port]/path*). */

const PATTERN = /^(\*|https?):\/\/(\*|(?:\*\.)?[^/*:\s]+)(?::(\d{1,5}|\*))?(\/\S*)$/u;

/** Is this an address pattern the browser accepts? A pattern that would fit every site is none of ours. */
export function isAddressPattern(pattern) {
  const parts = typeof pattern === "string" ? PATTERN.exec(pattern) : null;
  return parts !== null && parts[2] !== "*" && (parts[3] === undefined || parts[3] === "*" || Number(parts[3]) <= 65535);
}

/** The pattern for all pages of the site at an address that was pasted; null where it is no address of a web page. */
export function patternOf(address) {
  const text = String(address ?? "").trim();
  if (text.includes("*")) return isAddressPattern(text) ? text : null;
  let url;
  try {
    url = new URL(/^[a-z]+:\/\//iu.test(text) ? text : `https://${text}`);
  } catch {
    return null;
  }
  if (!/^https?:$/u.test(url.protocol) || !url.hostname) return null;
  return `${url.protocol}//${url.host}/*`;
}

/** Does the pattern fit the address? The fragment does not count, as in the browser. */
export function fits(pattern, address) {
  const parts = PATTERN.exec(pattern);
  let url;
  try {
    url = new URL(address);
  } catch {
    return false;
  }
  if (parts === null || !/^https?:$/u.test(url.protocol)) return false;
  const [, scheme, host, port, path] = parts;
  if (scheme !== "*" && url.protocol !== `${scheme}:`) return false;
  if (host.startsWith("*.")) {
    if (url.hostname !== host.slice(2) && !url.hostname.endsWith(host.slice(1))) return false;
  } else if (host !== "*" && url.hostname !== host.toLowerCase()) return false;
  if (port !== undefined && port !== "*" && url.port !== port && !(url.port === "" && isUsual(url.protocol, port))) return false;
  return fitsText(path, url.pathname + url.search);
}

/** The site that a permission is asked for: `https://host/*`. The browser grants sites, not single pages. */
export function siteOf(pattern) {
  const [, scheme, host, port] = PATTERN.exec(pattern);
  return `${scheme}://${host}${port === undefined ? "" : `:${port}`}/*`;
}

function isUsual(protocol, port) {
  return (protocol === "https:" && port === "443") || (protocol === "http:" && port === "80");
}

function fitsText(pattern, text) {
  const pieces = pattern.split("*");
  if (!text.startsWith(pieces[0])) return false;
  if (pieces.length === 1) return text === pattern;
  let at = pieces[0].length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - pieces.at(-1).length >= at && text.endsWith(pieces.at(-1));
}
