/** The panel's own words, in the language of the browser. */

/** A message of `_locales` under `panel_`; `values` stand for $1, $2, …. */
export function t(name, ...values) {
  return chrome.i18n.getMessage(`panel_${name}`, values.map(String)) || name;
}

/** Fill in the words of the page as it was loaded. */
export function translatePage() {
  document.documentElement.lang = chrome.i18n.getUILanguage();
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = chrome.i18n.getMessage(element.dataset.word);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", chrome.i18n.getMessage(element.dataset.label));
  }
}

/** A chance 0..1 as people read it. */
export function percent(chance) {
  return `${Math.round(chance * 100)}%`;
}

/** A moment as the clock on the wall shows it. */
export function timeOfDay(iso) {
  return new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(iso));
}
