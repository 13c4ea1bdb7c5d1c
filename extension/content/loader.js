// Content scripts are plain scripts; this one brings the modules in. `use_dynamic_url` gives them another address in each run
// of the browser, so that a page cannot find out who is here; the price is that they import each other by getURL, too.
import(chrome.runtime.getURL("content/main.js"));
