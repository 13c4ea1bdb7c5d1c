/** Parts of a draft in its box: ranges of an editable element, selections of a field. */

const { sameIn } = await import(chrome.runtime.getURL("content/spans.js"));
const { isField, replaceDraft, typeOver } = await import(chrome.runtime.getURL("content/composer.js"));

/** The range of what stands in the editable `box` where `text`, its draft, has the UTF-16 units `span`; null if it cannot be found. */
export function rangeIn(box, text, span) {
  const document = box.ownerDocument;
  const nodes = document.createTreeWalker(box, document.defaultView.NodeFilter.SHOW_TEXT);
  const found = [];
  let whole = "";
  while (nodes.nextNode()) {
    found.push({ node: nodes.currentNode, from: whole.length });
    whole += nodes.currentNode.data.replaceAll("\u00a0", " ");
  }
  const same = sameIn(whole, text, span);
  if (same === null) return null;
  const range = document.createRange();
  const place = (at, last) => {
    const { node, from } = found.findLast((each) => (last ? each.from < at : each.from <= at));
    return [node, Math.min(at - from, node.data.length)];
  };
  range.setStart(...place(same[0], false));
  range.setEnd(...place(same[1], true));
  return range;
}

/** Write `words` in place of the UTF-16 units `span` of the draft `text`, as if typed; the rest of the draft stays as it is. */
export function rewrite(box, text, span, words) {
  if (isField(box)) {
    box.focus();
    box.setSelectionRange(...span);
    typeOver(box, words);
    return;
  }
  const range = rangeIn(box, text, span);
  if (range === null) {
    replaceDraft(box, text.slice(0, span[0]) + words + text.slice(span[1]));
    return;
  }
  box.focus();
  const selection = box.ownerDocument.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  typeOver(box, words);
}
