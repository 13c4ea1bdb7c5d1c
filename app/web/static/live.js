/* The live page's own script: clocks that tick, the state of the stream, verdicts.
 *
 * What the server sends is the truth; this file only keeps it moving between two messages. Times are corrected by the
 * server's own (`data-now`), because an agent's laptop may be minutes off.
 */
"use strict";

(() => {
  const PARTS = ["waiting", "rates", "staff", "advice", "findings", "acts"];
  const TICK_MS = 250; // every buyer's seconds turn at another moment; only what changed is written
  const BANNER_AFTER_MS = 1200; // a server that restarts is back sooner: no need to alarm anybody
  const RETRY_MS = [1000, 2000, 4000, 8000];
  const SILENCE_MS = 45000; // the server says something every ten seconds or so
  const ASLEEP_MS = 20000; // a visible page whose seconds stop for so long was asleep
  const SAY_EVERY_MS = 10000;

  const body = document.body;
  const stream = document.getElementById("stream");
  const banner = document.getElementById("banner");
  const linkState = document.getElementById("link-state");
  const linkWords = document.getElementById("link-words");
  const clock = document.getElementById("now");
  const said = document.getElementById("said");
  const amber = Number(body.dataset.amber) * 1000;
  const red = Number(body.dataset.red) * 1000;
  const baseTitle = document.title;

  /* --- The server's clock --- */

  // The difference is measured too small by the time the answer took to arrive, so the largest of several is the best.
  let offset = null;

  function learnTime(serverNow, receivedAt) {
    const measured = serverNow - receivedAt;
    if (offset === null || measured > offset || offset - measured > 5000) offset = measured;
  }

  const now = () => Date.now() + (offset ?? 0);

  function learnFirstTime() {
    const [navigation] = performance.getEntriesByType("navigation");
    const receivedAt = performance.timeOrigin + (navigation?.responseStart ?? performance.now());
    learnTime(Number(body.dataset.now), receivedAt);
  }

  function clockFormat() {
    const fields = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
    try {
      return new Intl.DateTimeFormat("zh-CN", { ...fields, timeZone: body.dataset.zone });
    } catch {
      return new Intl.DateTimeFormat("zh-CN", fields);
    }
  }
  const format = clockFormat();

  /* --- Countdown --- */

  const NAMES = { calm: "剩余", amber: "抓紧", red: "马上超时", missed: "已超时" };

  function stateOf(left) {
    if (left < 0) return "missed";
    if (left <= red) return "red";
    return left <= amber ? "amber" : "calm";
  }

  function span(seconds) {
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
    return hours ? `${hours}:${rest}` : rest;
  }

  function write(element, words) {
    if (element && element.textContent !== words) element.textContent = words;
  }

  function tickBuyer(item, at) {
    const deadline = Number(item.dataset.deadline);
    const since = Number(item.dataset.since);
    const left = deadline - at;
    const state = stateOf(left);
    const shown = left >= 0 ? Math.ceil(left / 1000) : Math.floor(-left / 1000);
    write(item.querySelector("[data-left]"), span(shown));
    write(item.querySelector("[data-waited]"), span(Math.max(0, Math.floor((at - since) / 1000))));
    const window_ = deadline - since;
    const share = window_ > 0 ? Math.min(1, Math.max(0, left / window_)) : 0;
    const bar = `scaleX(${share.toFixed(2)})`;
    const barIn = item.querySelector("[data-bar]");
    if (barIn.style.transform !== bar) barIn.style.transform = bar;
    if (item.dataset.state === state) return false;
    item.dataset.state = state;
    write(item.querySelector("[data-left-name]"), NAMES[state]);
    return state === "missed";
  }

  let lastTick = Date.now();

  function tick() {
    const at = now();
    write(clock, format.format(at));
    let crossed = false;
    for (const item of document.querySelectorAll("[data-deadline]")) crossed = tickBuyer(item, at) || crossed;
    // The order changes when somebody is missed: ask for the list anew.
    if (crossed) setTimeout(() => htmx.trigger("#part-waiting", "refresh"), 1500);
    watch();
  }

  /* --- What a screen reader and the tab's title say --- */

  let lastSaid = "";
  let lastSaidAt = 0;

  function announce() {
    const count = document.querySelector("#part-waiting [data-waiting]");
    if (!count) return;
    const waiting = Number(count.dataset.waiting);
    const missed = Number(count.dataset.missed);
    document.title = waiting ? `(${waiting}) ${baseTitle}` : baseTitle;
    const words = waiting ? `${waiting} 位买家在等${missed ? `，其中 ${missed} 位已超时` : ""}` : "没有人在等";
    if (words === lastSaid || Date.now() - lastSaidAt < SAY_EVERY_MS) return;
    if (lastSaid) write(said, words);
    lastSaid = words;
    lastSaidAt = Date.now();
  }

  /* --- The stream --- */

  let connection = null;
  let heardAt = Date.now();
  let bannerTimer = null;
  let retries = 0;
  let retryTimer = null;

  function refreshAll() {
    for (const part of PARTS) htmx.trigger(`#part-${part}`, "refresh");
  }

  function linked() {
    clearTimeout(bannerTimer);
    bannerTimer = null;
    banner.hidden = true;
    linkState.dataset.link = "live";
    write(linkWords, "实时");
    heardAt = Date.now();
    retries = 0;
    refreshAll(); // whatever happened while nobody listened
  }

  function lost() {
    linkState.dataset.link = "lost";
    write(linkWords, "重连中");
    bannerTimer ??= setTimeout(() => {
      banner.hidden = false;
    }, BANNER_AFTER_MS);
  }

  /* The extension reconnects a stream that was open. One that never opened, or was given up, is ours to try again. */
  function tryAgain() {
    lost();
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => htmx.trigger(stream, "reconnect"), RETRY_MS[Math.min(retries, RETRY_MS.length - 1)]);
    retries += 1;
  }

  function signedOut(status) {
    if (status !== 401 && status !== 403) return false;
    location.assign("/sign-in");
    return true;
  }

  /* A laptop that slept, or a network that fell silent, leaves a stream that looks open and is dead. */
  function watch() {
    const at = Date.now();
    const asleep = at - lastTick > ASLEEP_MS && document.visibilityState === "visible";
    const silent = at - heardAt > SILENCE_MS;
    lastTick = at;
    if (!asleep && !silent) return;
    heardAt = at;
    connection?.reader?.cancel();
  }

  document.addEventListener("htmx:sse:after:connection", (event) => {
    connection = event.detail.connection;
    linked();
  });
  document.addEventListener("htmx:sse:before:connection", (event) => {
    if (event.detail.connection.attempt > 0) lost();
  });
  document.addEventListener("htmx:sse:before:message", () => {
    heardAt = Date.now();
  });
  document.addEventListener("htmx:sse:error", (event) => {
    if (!signedOut(event.detail.status)) lost();
  });
  document.addEventListener("htmx:sse:close", tryAgain);
  document.addEventListener("htmx:error", (event) => {
    if (event.target === stream) tryAgain();
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { status } = event.detail.ctx.response;
    if (!signedOut(status) && event.target === stream) tryAgain(); // an answer, but no stream
  });
  document.addEventListener("htmx:before:response", (event) => {
    if (!event.detail.ctx.response.raw.redirected) return; // a part is never a redirect: the session is over
    event.preventDefault();
    location.reload();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const head = event.target.querySelector?.("[data-now]");
    if (head) learnTime(Number(head.dataset.now), Date.now());
    tick();
    announce();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    lastTick = Date.now();
    refreshAll();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  window.addEventListener("offline", lost);
  window.addEventListener("online", () => connection?.reader?.cancel());

  /* What somebody unfolded stays unfolded when its part is drawn anew. */
  htmx.registerExtension("miaohui", {
    htmx_before_morph_attr: (element, detail) => !(element.tagName === "DETAILS" && detail.attrName === "open"),
  });

  /* --- Verdicts on suggestions --- */

  const JUDGED = { accepted: "已采纳，点此撤销", rejected: "已否决，点此撤销" };

  async function send(path, body) {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (signedOut(answer.status) || !answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-verdict]");
    if (!button || button.disabled) return;
    const { verdict, phrase, message, undo } = button.dataset;
    button.disabled = true;
    try {
      if (undo) {
        await send("/live/feedback/undo", { id: undo });
        delete button.dataset.undo;
        write(button, verdict === "accepted" ? "采纳" : "不合适");
        write(said, "已撤销");
      } else {
        const done = await send("/live/feedback", { phrase_id: phrase, message, verdict });
        button.dataset.undo = done.id;
        write(button, JUDGED[verdict]);
        write(said, done.note ?? "已学会");
      }
    } catch {
      write(said, "没有成功，请再点一次");
    }
    button.disabled = false;
  });

  learnFirstTime();
  announce();
  tick();
  setInterval(tick, TICK_MS);
})();
