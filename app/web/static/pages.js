/* What the pages with forms share: asking the server, telling troubles, saving without losing a word.
 *
 * Every form here also works without a script; this file spares the page its reload and keeps what was typed when the
 * server cannot be reached.
 */
"use strict";

const Pages = (() => {
  const token = document.body.dataset.token;
  const trouble = document.getElementById("trouble");
  const said = document.getElementById("said");

  class Refused extends Error {
    constructor(status, document_) {
      super(`status ${status}`);
      this.status = status;
      this.document = document_;
    }

    /** What the answer's own page says, in one line. */
    get words() {
      if (this.status === 401) return "登录已过期。请在新标签页登录，再回来点一次；这里填的内容不会丢。";
      const title = this.document?.querySelector("h1")?.textContent ?? "";
      const lead = this.document?.querySelector(".lead")?.textContent ?? "";
      return title ? `${title}：${lead}` : `服务没有接受（${this.status}），请稍后再试。`;
    }
  }

  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

  /** Ask for a part of a page. Gives its elements; throws `Refused`, or TypeError where the server is out of reach. */
  async function part(address, options = {}) {
    const headers = { "x-part": "1", ...options.headers };
    const response = await fetch(address, { ...options, headers, credentials: "same-origin" });
    const text = await response.text();
    if (!response.ok) throw new Refused(response.status, parsed(text));
    return { elements: parsed(text).body, address: response.url };
  }

  /** The fields of a form as a body, with the button that was pressed. */
  const bodyOf = (form, submitter) => new URLSearchParams([...new FormData(form, submitter)]);

  function tell(error) {
    if (error?.name === "AbortError") return;
    trouble.textContent = error instanceof Refused ? error.words : "连不上服务。内容都还在，等网络好了再试一次。";
    trouble.hidden = false;
    trouble.scrollIntoView({ block: "nearest" });
  }

  function calm() {
    trouble.hidden = true;
    trouble.textContent = "";
  }

  function say(words) {
    said.textContent = words;
  }

  function later(milliseconds, work) {
    let timer = 0;
    return (...given) => {
      clearTimeout(timer);
      timer = setTimeout(() => work(...given), milliseconds);
    };
  }

  /** A form that loses no word: leaving it unsaved is asked about, Ctrl-S saves, and a refusal is shown in place of the page.
   *
   * `written(form)` is what counts as written, `begin(form)` sets up a form that has come, `shown` are the places to scroll
   * to in a page that was refused, `focused` those to be in.
   */
  function editor(id, { written, begin, shown, focused }) {
    let form = null;
    let untouched = "";
    const changed = () => written(form) !== untouched;

    async function save(submitter) {
      const button = form.querySelector("[data-save]");
      const label = button.textContent;
      button.disabled = true;
      button.textContent = "保存中…";
      try {
        const body = bodyOf(form, submitter);
        const { address } = await part(form.getAttribute("action"), { method: "POST", body });
        untouched = written(form);
        location.assign(address);
      } catch (error) {
        button.disabled = false;
        button.textContent = label;
        if (error instanceof Refused && error.document.getElementById(id)) replace(error.document);
        else tell(error);
      }
    }

    /** The server's answer is the same page with what is to be changed: it takes the place of this one. */
    function replace(document_) {
      document.getElementById("main").replaceWith(document_.getElementById("main"));
      take();
      document.querySelector(shown)?.scrollIntoView({ block: "center" });
      (document.querySelector(focused) ?? document.getElementById("main")).focus({ preventScroll: true });
    }

    function take() {
      form = document.getElementById(id);
      begin(form);
    }

    window.addEventListener("beforeunload", (event) => {
      if (form.querySelector("[data-save]") && changed()) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      form.querySelector("[data-save]")?.click();
    });
    /** Says beside the button to save whether there is anything to save. */
    function mind() {
      const state = form.querySelector("[data-save-state]");
      if (state) state.textContent = changed() ? "有修改还没保存" : "";
    }

    return {
      changed,
      mind,
      save,
      open() {
        untouched = written(document.getElementById(id));
        take();
      },
    };
  }

  /* A form marked so is answered with what takes the place of the entry that it stands in. */
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-swap]")) return;
    event.preventDefault();
    const entry = form.closest("li");
    const body = bodyOf(form, event.submitter);
    for (const button of entry.querySelectorAll("button")) button.disabled = true;
    try {
      const { elements } = await part(form.getAttribute("action"), { method: "POST", body });
      calm();
      const fresh = elements.firstElementChild;
      entry.replaceWith(fresh);
      (fresh.querySelector("form[data-swap] button") ?? fresh.querySelector("a"))?.focus();
      say(fresh.dataset.said ?? fresh.querySelector("p")?.textContent ?? "");
    } catch (error) {
      for (const button of entry.querySelectorAll("button")) button.disabled = false;
      tell(error);
    }
  });

  document.documentElement.classList.add("scripted");
  /**
   * A panel beside an open form, in which the server says what it would make of the form; only the last question is answered there.
   * `read` selects what of the answer is said aloud.
   */
  function beside(id, read) {
    let asked = null;

    function show(panel, elements) {
      panel.replaceChildren(...elements.childNodes);
      calm();
      say(panel.querySelector(read)?.textContent.trim() ?? "");
      panel.scrollIntoView({ block: "nearest" });
      panel.focus({ preventScroll: true });
    }

    return async function ask(address, form, button) {
      asked?.abort();
      asked = new AbortController();
      const panel = document.getElementById(id);
      button.disabled = true;
      panel.setAttribute("aria-busy", "true");
      try {
        const { elements } = await part(address, { method: "POST", body: bodyOf(form), signal: asked.signal });
        show(panel, elements);
      } catch (error) {
        if (error instanceof Refused && error.status === 422) show(panel, error.document.body);
        else tell(error);
      } finally {
        button.disabled = false;
        panel.removeAttribute("aria-busy");
      }
    };
  }

  return { token, part, parsed, bodyOf, tell, calm, say, later, editor, beside, Refused };
})();
