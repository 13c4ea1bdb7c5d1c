/**
 * Lets somebody point at parts of a page: a bar says what to click, what is under the pointer is framed, and a click gives the
 * element and goes no further, so that nothing on the page is pressed.
 */
const { findPart } = await import(chrome.runtime.getURL("consoles/query.js"));
const propose = await import(chrome.runtime.getURL("consoles/propose.js"));

const TOP = "2147483647";

/**
 * Asks for each step in turn. A step is `{kind, say}`; kinds are "buyer_words", "agent_words", "composer", "send_button",
 * "entry", "buyer_name", and "part" for any other. `words` has the texts of the bar: `{move, skip, cancel}`.
 *
 * Gives `{selectors, who, picked}`: rules as in a definition for what could be told, and for each step how many the proposal
 * finds; null if it was cancelled.
 */
export async function pick(steps, words) {
  const shield = makeShield(words);
  const chosen = {};
  try {
    for (const [index, step] of steps.entries()) {
      const element = await shield.ask(`${index + 1}/${steps.length}　${step.say}`);
      if (element === undefined) return null;
      if (element !== null) chosen[step.kind] = element;
    }
  } finally {
    shield.remove();
  }
  return proposeAll(chosen);
}

function proposeAll(chosen) {
  const selectors = {};
  let who = null;
  if (chosen.buyer_words && chosen.agent_words) {
    const told = propose.proposeMessages(chosen.buyer_words, chosen.agent_words);
    if (told) {
      Object.assign(selectors, told.selectors);
      who = told.who;
    }
  }
  if (chosen.composer) selectors.composer = { css: propose.selectorOf(propose.composerAt(chosen.composer)) };
  if (chosen.send_button) selectors.send_button = { css: propose.selectorOf(propose.buttonAt(chosen.send_button)) };
  if (chosen.entry) Object.assign(selectors, propose.proposeList(chosen.entry) ?? {});
  if (chosen.buyer_name) selectors.buyer_name = { css: propose.selectorOf(chosen.buyer_name) };
  if (chosen.part) selectors.part = { css: propose.selectorOf(chosen.part) };
  if (who !== null && !selectors.item_buyer_id) {
    const id = propose.proposeIdFromAddress(chosen.buyer_words);
    if (id) selectors.buyer_id = id;
  }
  const counts = Object.fromEntries(Object.entries(selectors).map(([role, rule]) => [role, findPart(document, rule).length]));
  return { selectors, who, counts, failed: Boolean(chosen.buyer_words && chosen.agent_words) && who === null };
}

function makeShield(words) {
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "closed" });
  paint(host, { position: "fixed", inset: "0", "z-index": TOP, margin: "0", border: "0", padding: "0", width: "auto", height: "auto", background: "transparent", cursor: "crosshair", display: "block" });
  const frame = document.createElement("div");
  paint(frame, { position: "fixed", border: "2px solid #1257b8", background: "rgb(18 87 184 / 12%)", "border-radius": "3px", "pointer-events": "none", display: "none" });
  const bar = document.createElement("div");
  bar.setAttribute("role", "dialog");
  bar.setAttribute("aria-live", "polite");
  paint(bar, { position: "fixed", top: "12px", left: "50%", transform: "translateX(-50%)", display: "flex", gap: "10px", "align-items": "center", "max-width": "92vw", padding: "10px 14px", background: "#10233f", color: "#fff", font: "15px/1.4 system-ui, sans-serif", "border-radius": "8px", "box-shadow": "0 4px 18px rgb(0 0 0 / 35%)", cursor: "default" });
  const say = document.createElement("span");
  const move = makeButton(words.move);
  const skip = makeButton(words.skip);
  const cancel = makeButton(words.cancel);
  bar.append(say, move, skip, cancel);
  root.append(frame, bar);
  document.documentElement.append(host);

  // The shield lies over everything, frames too; to see what is below it, it steps aside for a moment.
  const below = (event) => {
    host.style.setProperty("pointer-events", "none");
    const element = propose.elementAt(document, event.clientX, event.clientY);
    host.style.setProperty("pointer-events", "auto");
    return element;
  };
  let answer = null;
  host.addEventListener("mousemove", (event) => {
    const element = below(event);
    if (element) draw(frame, element);
  });
  for (const kind of ["pointerdown", "pointerup", "mousedown", "mouseup", "contextmenu"]) host.addEventListener(kind, swallow);
  host.addEventListener("click", (event) => {
    swallow(event);
    const element = below(event);
    if (element && answer) answer(element);
  });
  bar.addEventListener("click", (event) => event.stopPropagation());
  bar.addEventListener("mousemove", (event) => event.stopPropagation());
  // What is to be clicked may lie under the bar.
  let atTop = true;
  move.addEventListener("click", () => {
    atTop = !atTop;
    paint(bar, atTop ? { top: "12px", bottom: "auto" } : { top: "auto", bottom: "12px" });
  });
  skip.addEventListener("click", () => answer?.(null));
  cancel.addEventListener("click", () => answer?.(undefined));
  const onKey = (event) => {
    if (event.key !== "Escape") return;
    swallow(event);
    answer?.(undefined);
  };
  window.addEventListener("keydown", onKey, true);

  return {
    ask(text) {
      say.textContent = text;
      paint(frame, { display: "none" });
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    remove() {
      window.removeEventListener("keydown", onKey, true);
      host.remove();
    },
  };
}

function makeButton(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  paint(button, { padding: "4px 10px", border: "1px solid #9db7dd", "border-radius": "6px", background: "transparent", color: "#fff", font: "inherit", "white-space": "nowrap", cursor: "pointer" });
  return button;
}

function draw(frame, element) {
  const box = element.getBoundingClientRect();
  let { left, top } = box;
  for (let view = element.ownerDocument.defaultView; view !== window && view?.frameElement; view = view.parent) {
    const around = view.frameElement.getBoundingClientRect();
    left += around.left + view.frameElement.clientLeft;
    top += around.top + view.frameElement.clientTop;
  }
  paint(frame, { display: "block", left: `${left - 2}px`, top: `${top - 2}px`, width: `${box.width}px`, height: `${box.height}px` });
}

function swallow(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function paint(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value, "important");
}
