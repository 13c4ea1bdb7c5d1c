/* A form with rows (service hours, roster): rows are added and cleared, the days to come are shown beside the open form, and
 * saving loses no word if it fails. Without this file there is one empty row at a time, and the buttons load the page anew. */
"use strict";

(() => {
  const id = document.querySelector("form.editor").id;
  let form = null;

  const lookAhead = Pages.beside("ahead", ".ahead-now, .problem");
  const editor = Pages.editor(id, {
    written(form_) {
      // Empty fields say nothing, so that a row which was added and left empty is no change.
      const body = Pages.bodyOf(form_);
      return new URLSearchParams([...body].filter(([, value]) => value.trim())).toString();
    },
    begin,
    shown: ".clash, .problem",
    focused: "[aria-invalid]:is(input, textarea, select)",
  });

  /* --- Rows --- */

  const rowsOf = (kind) => [...form.querySelectorAll(`[data-row="${kind}"]`)];

  function add(kind) {
    const rows = rowsOf(kind);
    const last = rows.at(-1);
    const number = 1 + Math.max(...rows.map((row) => Number(row.querySelector("[name]").name.split(".")[1])));
    const fresh = last.cloneNode(true);
    for (const fault of fresh.querySelectorAll(".fault")) fault.remove();
    for (const element of fresh.querySelectorAll("[name], [for]")) {
      for (const attribute of ["name", "id", "for"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace(/\.\d+\./, `.${number}.`));
      }
      element.removeAttribute("aria-invalid");
      element.removeAttribute("aria-describedby");
      if ("value" in element) element.value = "";
    }
    last.after(fresh);
    fresh.querySelector("input").focus();
  }

  function begin(form_) {
    form = form_;
    form.addEventListener("input", editor.mind);
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-more]");
      if (button) add(button.dataset.more);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && event.target.matches("input")) event.preventDefault();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = event.submitter;
      if (button?.matches("[data-ahead]")) lookAhead(button.getAttribute("formaction"), form, button);
      else editor.save(button);
    });
    editor.mind();
  }

  editor.open();
})();
