/* A text is checked while somebody types it. Without this file the button does the same. */
"use strict";

(() => {
  const WAIT_MS = 250;
  const form = document.getElementById("try-form");
  const shown = document.getElementById("tried");
  let asked = null;

  async function tryNow() {
    asked?.abort();
    asked = new AbortController();
    shown.setAttribute("aria-busy", "true");
    try {
      const { elements } = await Pages.part("/words/try", {
        method: "POST",
        body: Pages.bodyOf(form),
        signal: asked.signal,
      });
      show(elements);
    } catch (error) {
      if (error instanceof Pages.Refused && error.status === 422) show(error.document.body);
      else Pages.tell(error);
    }
  }

  function show(elements) {
    shown.replaceChildren(...elements.childNodes);
    shown.removeAttribute("aria-busy");
    Pages.calm();
    Pages.say(shown.querySelector("[data-sum], .problem")?.textContent.trim() ?? "");
  }

  const trySoon = Pages.later(WAIT_MS, tryNow);
  form.addEventListener("input", (event) => {
    if (!event.isComposing) trySoon();
  });
  form.addEventListener("compositionend", trySoon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tryNow();
  });
})();
