/** The way from the store to the first clock: connect, console, test, a buyer's message. */

import { consolesOf } from "../consoles/catalog.js";
import { isPaired, onSettings, readSettings } from "../shared/settings.js";
import { fillWords, shortLanguage, wordsIn } from "../shared/words.js";
import { showConnection } from "./connection.js";
import { showConsoles } from "./console-list.js";

const byId = (id) => document.getElementById(id);
let word;

async function start() {
  const settings = await readSettings();
  word = await wordsIn(settings.language);
  document.documentElement.lang = shortLanguage(settings.language) === "zh" ? "zh-CN" : "en";
  document.title = word("options_welcome_title");
  fillWords(document, word);
  showConnection(byId("connection-body"), word);
  await showProgress();
}

/** Which steps are done, as the settings and the worker's notes of the moment tell. */
async function showProgress() {
  const settings = await readSettings();
  const { checks = {}, waiting = [] } = await chrome.storage.session.get(["checks", "waiting"]);
  await showConsoles(byId("console-list"), byId("console-note"), word);
  const on = (await consolesOf(settings)).filter((entry) => entry.on && entry.console);
  const read = on.filter((entry) => checks[entry.id] && (checks[entry.id].results.problems ?? []).length === 0);
  done("way-connect", isPaired(settings));
  done("way-console", on.length > 0);
  done("way-test", read.length > 0);
  done("way-clock", waiting.length > 0);
  byId("test-state").textContent = read.length > 0 ? word("options_way_test_done", read.map((entry) => entry.definition.name).join("、")) : "";
  byId("clock-state").textContent = waiting.length > 0 ? word("options_way_clock_done", waiting.length) : "";
}

function done(id, isDone) {
  byId(id).classList.toggle("done", isDone);
}

onSettings(() => showProgress());
chrome.storage.session.onChanged.addListener(() => showProgress());
start();
