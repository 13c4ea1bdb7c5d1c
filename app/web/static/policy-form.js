/* The form of the policy: tried out beside the open form, saved without losing a word if saving fails. */
"use strict";

(() => {
  let form = null;
  let asked = null;

  const IGNORED = new Set(["why", "days"]);
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

  function mind() {
    const state = form.querySelector("[data-save-state]");
    if (state) state.textContent = editor.changed() ? "有修改还没保存" : "";
  }

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
    mind();
  }

  /* --- Try --- */

  async function tryOut(button) {
    asked?.abort();
    asked = new AbortController();
    const panel = document.getElementById("trial");
    const label = button.textContent;
    button.disabled = true;
    button.textContent = "试跑中…";
    panel.setAttribute("aria-busy", "true");
    Pages.say("正在试跑，最多二十来秒");
    try {
      const { elements } = await Pages.part("/policies/try", {
        method: "POST",
        body: Pages.bodyOf(form),
        signal: asked.signal,
      });
      show(panel, elements);
    } catch (error) {
      if (error instanceof Pages.Refused && error.status === 422) show(panel, error.document.body);
      else Pages.tell(error);
    } finally {
      button.disabled = false;
      button.textContent = label;
      panel.removeAttribute("aria-busy");
    }
  }

  function show(panel, elements) {
    panel.replaceChildren(...elements.childNodes);
    Pages.calm();
    Pages.say(panel.querySelector(".trial-sum, .problem")?.textContent.trim() ?? "");
    panel.scrollIntoView({ block: "nearest" });
    panel.focus({ preventScroll: true });
  }

  function begin(form_) {
    form = form_;
    form.addEventListener("input", mind);
    form.addEventListener("change", (event) => {
      if (event.target.matches("[data-pick]")) pick(event.target);
      else mind();
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
    mind();
  }

  editor.open();
})();
