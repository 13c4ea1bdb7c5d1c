/** The box that the agent types in: a textarea, an input or an editable element, in frames and shadow trees, too. */

/** What stands in the box. */
export function draftOf(box) {
  if (isField(box)) return box.value;
  return box.innerText.replaceAll("\u00a0", " ").replace(/\n$/u, "");
}

/** Put the text where the caret is, in place of what is marked, as if typed; the page sees its own input events. */
export function insertText(box, text) {
  box.focus();
  if (!isField(box) && !caretIsIn(box)) select(box, false);
  typeOver(box, text);
}

/** Put the text in place of all that stands there; the agent's undo brings that back. */
export function replaceDraft(box, text) {
  box.focus();
  if (isField(box)) box.select();
  else select(box, true);
  typeOver(box, text);
}

/** Is the box, or something in it, what the event is about? */
export function isAt(event, element) {
  if (event.composedPath().includes(element)) return true;
  // From a closed shadow tree only its host is told; then the focus says what was meant.
  const root = element.getRootNode();
  return root instanceof ShadowRoot && event.composedPath().includes(root.host) && root.activeElement === element;
}

/** Put the text in place of what is marked, as if typed. */
export function typeOver(box, text) {
  // The only way that pages take for typing: it fires beforeinput and input and can be undone.
  if (box.ownerDocument.execCommand("insertText", false, text)) return;
  const event = new InputEvent("input", { bubbles: true, composed: true, inputType: "insertText", data: text });
  if (isField(box)) box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
  else box.append(text);
  box.dispatchEvent(event);
}

/** Is it a field of a form, not an editable element? */
export function isField(box) {
  return box.localName === "textarea" || box.localName === "input";
}

function caretIsIn(box) {
  const selection = box.ownerDocument.getSelection();
  return selection.rangeCount > 0 && box.contains(selection.getRangeAt(0).commonAncestorContainer);
}

function select(box, all) {
  const range = box.ownerDocument.createRange();
  range.selectNodeContents(box);
  if (!all) range.collapse(false);
  const selection = box.ownerDocument.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}
