/** The options page: connection, consoles, habits. */

import { changeSettings, onSettings, readSettings } from "../shared/settings.js";
import { fillWords, shortLanguage, wordsIn } from "../shared/words.js";
import { showConnection } from "./connection.js";
import { importConsole, showConsoles } from "./console-list.js";

const byId = (id) => document.getElementById(id);
let word;

async function start() {
  const settings = await readSettings();
  word = await wordsIn(settings.language);
  document.documentElement.lang = shortLanguage(settings.language) === "zh" ? "zh-CN" : "en";
  document.title = word("options_title");
  fillWords(document, word);
  byId("sound").checked = settings.sound;
  byId("notices").checked = settings.notices;
  byId("language").value = settings.language ?? "";
  showConnection(byId("connection-body"), word);
  await showList();
}

function showList() {
  return showConsoles(byId("console-list"), byId("console-note"), word);
}

byId("sound").addEventListener("change", ({ target }) => changeSettings({ sound: target.checked }));
byId("notices").addEventListener("change", ({ target }) => changeSettings({ notices: target.checked }));
byId("language").addEventListener("change", async ({ target }) => {
  await changeSettings({ language: target.value });
  location.reload();
});
byId("import-file").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (file) byId("console-note").textContent = await importConsole(await file.text(), word);
  target.value = "";
});
onSettings(() => showList());
chrome.storage.session.onChanged.addListener((changes) => {
  if ("checks" in changes) showList();
});
start();
