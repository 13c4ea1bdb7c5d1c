/** The texts of the extension's pages, in the language of the browser or in the one that was chosen. */

export const LANGUAGES = Object.freeze(["zh_CN", "en"]);

/**
 * A function from a key of `_locales` and the values for $1, $2, … to a text. `language` is one of LANGUAGES; anything else means
 * the browser's.
 */
export async function wordsIn(language) {
  const messages = LANGUAGES.includes(language) ? await messagesOf(language) : null;
  if (messages === null) return (key, ...values) => chrome.i18n.getMessage(key, values.map(String)) || key;
  return (key, ...values) => filled(messages[key], values) || key;
}

/** The texts of a language; null while the page is being left, when nothing is fetched any more. */
async function messagesOf(language) {
  try {
    const answer = await fetch(chrome.runtime.getURL(`_locales/${language}/messages.json`));
    return await answer.json();
  } catch {
    return null;
  }
}

/** As the browser fills a message: names by their `placeholders`, then $1, $2, … by the values. */
function filled({ message = "", placeholders = {} } = {}, values) {
  return message
    .replace(/\$(\w+)\$/gu, (whole, name) => placeholders[name.toLowerCase()]?.content ?? whole)
    .replace(/\$(\d)/gu, (_, number) => values[number - 1] ?? "");
}

/** "zh" or "en": which of two texts to show beside ours, where something comes in both. */
export function shortLanguage(language) {
  const shown = LANGUAGES.includes(language) ? language : chrome.i18n.getMessage("@@ui_locale");
  return shown.startsWith("en") ? "en" : "zh";
}

/** Fills a page: text by `data-word`, attributes by `data-word-label`, `-placeholder` and `-title`. */
export function fillWords(root, word) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const [name, attribute] of [["wordLabel", "aria-label"], ["wordPlaceholder", "placeholder"], ["wordTitle", "title"]]) {
    const selector = `[data-${name.replace(/[A-Z]/u, (letter) => `-${letter.toLowerCase()}`)}]`;
    for (const element of root.querySelectorAll(selector)) element.setAttribute(attribute, word(element.dataset[name]));
  }
}
