/** The bar's own words. Read once: a script whose extension was reloaded can no longer ask for them. */

const NAMES = [
  "lint_name", "lint_error", "lint_warning", "lint_info", "lint_why", "lint_advice", "lint_fix", "lint_instead", "lint_next",
  "lint_hide", "lint_stopped", "lint_edit", "lint_send_anyway", "lint_reason", "lint_reason_label", "lint_reason_quote",
  "lint_reason_wrong", "lint_reason_allowed", "lint_confirm", "lint_back", "lint_into_bar", "lint_off", "core_again",
  "core_off_reloaded", "core_off_down", "core_off_refused", "core_off_unpaired",
];
const WORDS = Object.fromEntries(NAMES.map((name) => [name, chrome.i18n.getMessage(name)]));

/** A message; `values` stand for {1}, {2}, …. */
export function say(name, ...values) {
  return WORDS[name].replace(/\{(\d)\}/g, (_, number) => String(values[number - 1]));
}
