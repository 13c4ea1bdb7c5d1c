/* The form of one phrase: checked while somebody types, saved without losing a word if saving fails. */
"use strict";

(() => {
  const WAIT_MS = 350;
  let form = null;
  let check = null;
  let asked = null;

  const editor = Pages.editor("phrase-form", {
    written: (form_) => Pages.bodyOf(form_).toString(),
    begin,
    shown: "[aria-invalid], .clash, .problem",
    focused: "[aria-invalid]",
  });

  /* --- Check --- */

  function mind() {
    const errors = Number(check.querySelector("[data-errors]")?.dataset.errors ?? 0);
    const state = form.querySelector("[data-save-state]");
    const save = form.querySelector("[data-save]");
    if (!save) return;
    save.setAttribute("aria-disabled", errors > 0);
    state.textContent = errors > 0 ? `有 ${errors} 处违规，改好才能保存` : editor.changed() ? "有修改还没保存" : "";
    state.classList.toggle("bad", errors > 0);
  }

  async function checkNow() {
    asked?.abort();
    asked = new AbortController();
    try {
      const { elements } = await Pages.part("/phrases/check", {
        method: "POST",
        body: Pages.bodyOf(form),
        signal: asked.signal,
      });
      check.replaceChildren(...elements.childNodes);
      Pages.calm();
      mind();
    } catch (error) {
      Pages.tell(error);
    }
  }

  const checkSoon = Pages.later(WAIT_MS, checkNow);

  /* --- Variants and variables --- */

  function addVariant() {
    const box = form.querySelector("[data-variants]");
    const last = box.querySelector("textarea:last-of-type");
    const area = last.cloneNode();
    area.value = "";
    area.removeAttribute("aria-describedby");
    area.setAttribute("aria-label", `第 ${box.querySelectorAll("textarea").length + 2} 种说法`);
    box.append(area);
    area.focus();
  }

  let lastText = null;

  function insert(words) {
    const area = lastText?.isConnected ? lastText : form.elements.text;
    area.focus();
    area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function begin(form_) {
    form = form_;
    check = document.getElementById("check");
    form.addEventListener("input", (event) => {
      mind();
      if (!event.isComposing) checkSoon();
    });
    form.addEventListener("compositionend", checkSoon);
    form.addEventListener("focusin", (event) => {
      if (event.target.matches('[name="text"], [name="variants"]')) lastText = event.target;
    });
    form.addEventListener("click", (event) => {
      const inserted = event.target.closest("[data-insert]");
      if (inserted) insert(inserted.dataset.insert);
      if (event.target.closest("[data-add-variant]")) addVariant();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const errors = Number(check.querySelector("[data-errors]")?.dataset.errors ?? 0);
      if (errors && event.submitter?.name !== "take") {
        check.querySelector(".finding")?.scrollIntoView({ block: "center" });
        Pages.say(`有 ${errors} 处违规，改好才能保存`);
        return;
      }
      editor.save(event.submitter);
    });
    mind();
  }

  editor.open();
})();
