/* What every page behind the sign-in has: the copy buttons, the keys, and a word when the network is gone. */
"use strict";

(() => {
  const said = document.getElementById("said");

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  /* --- Copy --- */

  async function copyText(text) {
    if (navigator.clipboard && window.isSecureContext) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        // refused by the browser: the old way below may still do
      }
    }
    const area = element("textarea", "hidden");
    area.value = text;
    area.setAttribute("aria-hidden", "true");
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const done = await copyText(button.dataset.copy);
    const label = button.querySelector("[data-copy-label]");
    button.dataset.copied = done ? "yes" : "no";
    label.textContent = done ? "已复制" : "复制失败";
    said.textContent = done ? "已复制" : "复制失败，请手动选择文字";
    button.focus();
    setTimeout(() => {
      delete button.dataset.copied;
      label.textContent = "复制";
    }, 1600);
  });

  /* --- Keys ---
   *
   * Single keys can be switched off, because speech input and shaky hands press them unawares (WCAG 2.1.4). */

  const OFF = "miaohui.keys-off";
  const places = [...document.querySelectorAll(".places a")].slice(0, 9);
  let sheet = null;

  function isOff() {
    try {
      return localStorage.getItem(OFF) === "1";
    } catch {
      return false; // storage is shut: the keys work, and the switch holds until the page is left
    }
  }
  let off = isOff();

  function switchKeys(on) {
    off = !on;
    try {
      localStorage.setItem(OFF, off ? "1" : "0");
    } catch {
      // see above
    }
  }

  function line(list, key, words) {
    const name = element("dt");
    name.append(element("kbd", "", key));
    list.append(name, element("dd", "", words));
  }

  function build() {
    const made = element("dialog", "keys");
    made.setAttribute("aria-labelledby", "keys-head");
    const heading = element("h2", "", "键盘快捷键");
    heading.id = "keys-head";
    const list = element("dl");
    line(list, "?", "打开这张表");
    places.forEach((link, number) => line(list, String(number + 1), `到「${link.textContent.trim()}」`));
    if (document.querySelector("[type=search]")) line(list, "/", "到搜索框");
    if (document.querySelector("[data-save]")) line(list, "Ctrl+S", "保存");
    line(list, "Tab", "到下一个按钮或格子，Shift+Tab 往回");
    line(list, "Esc", "关掉");
    const label = element("label", "keys-switch");
    const box = element("input");
    box.type = "checkbox";
    box.checked = !off;
    box.addEventListener("change", () => switchKeys(box.checked));
    label.append(box, "用单个按键跳转（? / 和数字）");
    const close = element("button", "quiet", "关闭");
    close.type = "button";
    close.addEventListener("click", () => made.close());
    made.append(heading, list, label, close);
    document.body.append(made);
    return made;
  }

  function explain() {
    sheet ??= build();
    if (!sheet.open) sheet.showModal();
  }

  const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

  document.addEventListener("keydown", (event) => {
    if (off || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
    const place = places[Number(event.key) - 1];
    const search = document.querySelector("[type=search]");
    if (event.key === "?") explain();
    else if (event.key === "/" && search) search.focus();
    else if (place) place.click();
    else return;
    event.preventDefault();
  });

  const leave = document.querySelector(".leave");
  if (leave) {
    const button = element("button", "quiet keys-button", "?");
    button.type = "button";
    button.title = "键盘快捷键";
    button.setAttribute("aria-label", "键盘快捷键");
    button.addEventListener("click", explain);
    leave.before(button);
  }

  /* --- No network; the live page tells it by its stream --- */

  if (!document.getElementById("banner")) {
    const banner = element("p", "banner", "网络断了。这一页还能看，填的内容也都在，连上以后再保存。");
    banner.setAttribute("role", "status");
    banner.hidden = true;
    document.querySelector(".top")?.after(banner);
    const look = () => {
      banner.hidden = navigator.onLine;
    };
    window.addEventListener("offline", look);
    window.addEventListener("online", look);
    look();
  }
})();
