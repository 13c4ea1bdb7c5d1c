/* The form of the policy: tried out beside the open form, saved without losing a word if saving fails. */
"use strict";

(() => {
  let form = null;

  const IGNORED = new Set(["why", "days"]);
  const tryBeside = Pages.beside("trial", ".trial-sum, .problem");
  const editor = Pages.editor("policy-form", {
    written(form_) {
      const body = Pages.bodyOf(form_);
      for (const name of IGNORED) body.delete(name);
      return body.toString();
    },
    begin,
    shown: ".clash, .problem",
    focused: "[aria-invalid]:is(input, textarea)",
  });

  /* --- Phrases --- */

  /** What was typed or chosen becomes a ticked line, and the field is free for the next one. */
  function pick(input) {
    const id = input.value.trim();
    if (!id) return;
    const list = input.closest("[data-knob]").querySelector("[data-picks]");
    const there = [...list.querySelectorAll("input")].find((box) => box.value === id);
    if (there) {
      there.checked = true;
    } else {
      const option = [...document.getElementById("sayable").options].find((one) => one.value === id);
      const line = document.createElement("li");
      const label = document.createElement("label");
      const box = document.createElement("input");
      const name = document.createElement("span");
      label.className = "picked";
      Object.assign(box, { type: "checkbox", name: input.name, value: id, checked: true });
      name.textContent = option?.label || id;
      label.append(box, name);
      line.append(label);
      list.append(line);
    }
    input.value = "";
    Pages.say(`已加上 ${id}`);
    editor.mind();
  }

  /* --- Try --- */

  async function tryOut(button) {
    const label = button.textContent;
    button.textContent = "试跑中…";
    Pages.say("正在试跑，最多二十来秒");
    await tryBeside("/policies/try", form, button);
    button.textContent = label;
  }

  function begin(form_) {
    form = form_;
    form.addEventListener("input", editor.mind);
    form.addEventListener("change", (event) => {
      if (event.target.matches("[data-pick]")) pick(event.target);
      else editor.mind();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !event.target.matches("input:not([type=checkbox], [type=radio])")) return;
      event.preventDefault(); // Enter in a field must not save a policy
      if (event.target.matches("[data-pick]")) pick(event.target);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.submitter?.matches("[data-try]")) tryOut(event.submitter);
      else editor.save(event.submitter);
    });
    editor.mind();
  }

  editor.open();
})();
