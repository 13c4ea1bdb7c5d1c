/** The panel's own words, in the language of the browser or the one that was chosen in the options. */

import { readSettings } from "../shared/settings.js";
import { shortLanguage, wordsIn } from "../shared/words.js";

const { language } = await readSettings();
const word = await wordsIn(language);

/** A message of `_locales` under `panel_`; `values` stand for $1, $2, …. */
export function t(name, ...values) {
  const key = `panel_${name}`;
  const text = word(key, ...values);
  return text === key ? name : text;
}

/** Fill in the words of the page as it was loaded. */
export function translatePage() {
  document.documentElement.lang = shortLanguage(language) === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(element.dataset.label));
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
