/* The import page: a file is sent to be looked at, and once more to be stored. */
"use strict";

(() => {
  const form = document.querySelector("[data-import]");
  if (!form) return;
  const input = document.getElementById("file");
  const review = document.getElementById("review");
  const progress = document.getElementById("progress");
  const words = document.getElementById("progress-words");
  const bar = document.getElementById("progress-bar");
  const limit = Number(form.dataset.limit);
  const megabytes = (size) => `${(size / 1024 / 1024).toPrecision(2)} MB`;

  let file = null;
  let columns = []; // "列名=字段", as often as somebody said what a column means
  let prefer = "bank";
  let badRows = "";
  let sending = null;

  /* --- Signs of life --- */

  const STAGES = { reading: "正在读", checking: "正在检查用语", comparing: "正在和话术库对照" };

  function showSending(loaded, total) {
    words.textContent = `正在发送 ${megabytes(loaded)} / ${megabytes(total)}`;
    bar.value = (100 * loaded) / total;
  }

  function showStage({ stage, done, total }) {
    const count = total ? `：${done} / ${total} 条` : done ? `：第 ${done} 行` : "";
    words.textContent = `${STAGES[stage]}${count}…`;
    if (total) bar.value = (100 * done) / total;
    else bar.removeAttribute("value");
  }

  function showProgress(on) {
    progress.hidden = !on;
    for (const button of review.querySelectorAll("button")) button.disabled = on;
  }

  /* --- Sending --- */

  /** Sends the file; resolves with the last line of the answer. Rejects with words for people, or null if stopped. */
  function send(plan) {
    const query = new URLSearchParams({ name: file.name, prefer, plan });
    for (const column of columns) query.append("column", column);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      sending = request;
      let last = null;
      let seen = 0;
      const takeLines = () => {
        const end = request.responseText.lastIndexOf("\n");
        if (end < seen) return;
        for (const line of request.responseText.slice(seen, end).split("\n")) {
          if (!line) continue;
          last = JSON.parse(line);
          if (last.stage) showStage(last);
        }
        seen = end + 1;
      };
      request.open("POST", `/phrases/import?${query}`);
      request.setRequestHeader("x-form-token", Pages.token);
      request.setRequestHeader("x-part", "1");
      request.upload.onprogress = (event) => showSending(event.loaded, event.total);
      request.onprogress = () => request.status === 200 && takeLines();
      request.onload = () => {
        if (request.status === 200) takeLines();
        if (request.status === 200 && last?.html) resolve(last);
        else if (request.status === 413) reject(tooLarge());
        else if (request.status === 200) reject("没有做完，服务中断了。话术库没有动，请再试一次。");
        else reject(new Pages.Refused(request.status, Pages.parsed(request.responseText)).words);
      };
      request.onerror = () => reject(file.size > limit ? tooLarge() : "连不上服务。话术库没有动，等网络好了再试一次。");
      request.onabort = () => reject(null);
      request.send(file);
    });
  }

  const tooLarge = () =>
    `文件有 ${megabytes(file.size)}，最大 ${megabytes(limit)}。请分成几个文件，或在服务器上用命令行 miaohui phrases import。`;

  function show(html) {
    review.replaceChildren(...Pages.parsed(html).body.childNodes);
    review.focus({ preventScroll: true });
    review.scrollIntoView({ block: "start" });
  }

  function showTrouble(message) {
    const template = document.createElement("p");
    template.className = "problem";
    template.setAttribute("role", "alert");
    template.textContent = message;
    review.replaceChildren(template);
  }

  async function look(plan = "") {
    sending?.abort();
    if (file.size > limit) return showTrouble(tooLarge());
    if (!file.size) return showTrouble("文件是空的，请换一个。");
    showSending(0, file.size);
    showProgress(true);
    try {
      const answer = await send(plan);
      badRows = answer.bad_rows ?? "";
      show(answer.html);
    } catch (message) {
      if (message !== null) showTrouble(String(message));
    } finally {
      showProgress(false);
    }
  }

  function choose(chosen) {
    if (!chosen) return;
    file = chosen;
    columns = [];
    prefer = "bank";
    look();
  }

  input.addEventListener("change", () => {
    choose(input.files[0]);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) form.addEventListener(name, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    choose(event.dataTransfer.files[0]);
  });
  document.getElementById("progress-stop").addEventListener("click", () => sending?.abort());

  /* --- What was looked at --- */

  function saveBadRows() {
    const bytes = Uint8Array.from(atob(badRows), (character) => character.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: "text/csv" }));
    link.download = `没收的行-${file.name.replace(/\.[^.]*$/, "")}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  review.addEventListener("click", (event) => {
    if (event.target.closest("[data-bad-rows]")) saveBadRows();
    const store = event.target.closest("[data-store]");
    if (store) look(store.dataset.plan);
  });
  review.addEventListener("change", (event) => {
    if (event.target.name !== "prefer") return;
    prefer = event.target.value;
    look();
  });
  review.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = [...event.target.querySelectorAll("select")];
    for (const select of given) {
      if (select.value === select.dataset.was) continue;
      columns = columns.filter((column) => !column.startsWith(`${select.dataset.header}=`));
      columns.push(`${select.dataset.header}=${select.value}`);
    }
    look();
  });
})();
