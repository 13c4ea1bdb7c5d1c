/* The form of one phrase: checked while somebody types, saved without losing a word if saving fails. */
"use strict";

(() => {
  const WAIT_MS = 350;
  let form = null;
  let check = null;
  let asked = null;
  let untouched = "";

  const written = () => Pages.bodyOf(form).toString();

  /* --- Check --- */

  function mind() {
    const errors = Number(check.querySelector("[data-errors]")?.dataset.errors ?? 0);
    const state = form.querySelector("[data-save-state]");
    const save = form.querySelector("[data-save]");
    if (!save) return;
    save.setAttribute("aria-disabled", errors > 0);
    state.textContent = errors > 0 ? `有 ${errors} 处违规，改好才能保存` : written() === untouched ? "" : "有修改还没保存";
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

  /* --- Save --- */

  async function save(submitter) {
    const button = form.querySelector("[data-save]");
    const label = button.textContent;
    button.disabled = true;
    button.textContent = "保存中…";
    try {
      const { address } = await Pages.part(form.getAttribute("action"), { method: "POST", body: Pages.bodyOf(form, submitter) });
      untouched = written();
      location.assign(address);
    } catch (error) {
      button.disabled = false;
      button.textContent = label;
      if (error instanceof Pages.Refused && error.document.getElementById("phrase-form")) show(error.document);
      else Pages.tell(error);
    }
  }

  /** The server's answer is the same page with what is to be changed: it takes the place of this one. */
  function show(document_) {
    document.getElementById("main").replaceWith(document_.getElementById("main"));
    begin(false);
    const first = document.querySelector("[aria-invalid], .clash, .problem");
    first?.scrollIntoView({ block: "center" });
    (document.querySelector("[aria-invalid]") ?? document.getElementById("main")).focus({ preventScroll: true });
  }

  function begin(fresh) {
    form = document.getElementById("phrase-form");
    check = document.getElementById("check");
    if (fresh) untouched = written();
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
      save(event.submitter);
    });
    mind();
  }

  window.addEventListener("beforeunload", (event) => {
    if (form.querySelector("[data-save]") && written() !== untouched) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.querySelector("[data-save]")?.click();
  });

  begin(true);
})();
