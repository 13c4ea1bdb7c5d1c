/* The list of phrases: finds while somebody types, and shows more when asked or when the end comes into view. */
"use strict";

(() => {
  const finder = document.querySelector("[data-finder]");
  const results = document.getElementById("results");
  const categories = document.querySelector(".categories");
  const WAIT_MS = 250;
  let asked = null;

  function address() {
    const given = [...new FormData(finder)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(given).toString();
    return query ? `/phrases?${query}` : "/phrases";
  }

  function mark() {
    const category = finder.elements.category.value;
    for (const link of categories.querySelectorAll("a")) {
      if (link.dataset.category === category) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  async function find() {
    asked?.abort();
    asked = new AbortController();
    const wanted = address();
    results.setAttribute("aria-busy", "true");
    try {
      const { elements } = await Pages.part(wanted, { signal: asked.signal });
      Pages.calm();
      results.replaceChildren(...elements.childNodes);
      results.removeAttribute("aria-busy");
      history.replaceState(null, "", wanted);
      watchEnd();
    } catch (error) {
      if (error.name === "AbortError") return;
      results.removeAttribute("aria-busy");
      Pages.tell(error);
    }
  }

  const findSoon = Pages.later(WAIT_MS, find);

  async function showMore(link) {
    if (link.getAttribute("aria-busy")) return;
    link.setAttribute("aria-busy", "true");
    const list = results.querySelector(".entries");
    const hadFocus = document.activeElement === link;
    try {
      const { elements } = await Pages.part(link.href);
      const first = elements.querySelector(".phrase");
      list.append(...elements.querySelectorAll(".entries > li"));
      const next = elements.querySelector(".more-line");
      if (next) link.closest(".more-line").replaceWith(next);
      else link.closest(".more-line").remove();
      if (hadFocus) first?.querySelector("a")?.focus();
      watchEnd();
    } catch (error) {
      link.removeAttribute("aria-busy");
      Pages.tell(error);
    }
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) if (entry.isIntersecting) showMore(entry.target);
    },
    { rootMargin: "600px" },
  );

  function watchEnd() {
    watcher.disconnect();
    const link = results.querySelector("[data-more]");
    if (link) watcher.observe(link);
  }

  finder.addEventListener("input", (event) => {
    if (event.isComposing) return; // a half-typed pinyin is no word yet
    findSoon();
  });
  finder.elements.q.addEventListener("compositionend", findSoon);
  finder.addEventListener("change", () => {
    mark();
    findSoon();
  });
  finder.addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  categories.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    finder.elements.category.value = link.dataset.category;
    mark();
    find().then(() => window.scrollTo({ top: 0 }));
  });
  results.addEventListener("click", (event) => {
    const link = event.target.closest("[data-more]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    showMore(link);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    finder.elements.q.focus();
  });

  watchEnd();
})();
