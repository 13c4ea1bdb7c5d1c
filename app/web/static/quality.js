/* While a big shop's sessions are still being looked at, the page goes on by itself; its link does so without a script. */
"use strict";

(() => {
  const AFTER_MS = 400;
  const on = document.querySelector("[data-go-on]");
  if (on) setTimeout(() => location.replace(on.href), AFTER_MS);
})();
