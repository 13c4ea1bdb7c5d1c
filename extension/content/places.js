/** Where things stand on the page, and where the bar fits: beside the box, never over the send button. Numbers are CSS pixels. */

const GAP = 6;
const EDGE = 8;
const NARROWEST = 340;
const WIDEST = 640;

/** The rectangle of an element as `top`, the outermost of its windows that we can see, has it. */
export function rectOf(element, top) {
  let { left, top: upper, width, height } = element.getBoundingClientRect();
  let { defaultView: window } = element.ownerDocument;
  while (window && window !== top && window.frameElement) {
    const frame = window.frameElement;
    const outer = frame.getBoundingClientRect();
    left += outer.left + frame.clientLeft;
    upper += outer.top + frame.clientTop;
    window = frame.ownerDocument.defaultView;
  }
  return { left, top: upper, right: left + width, bottom: upper + height, width, height };
}

/** How wide the bar is beside this box. */
export function widthBeside(box, view) {
  return Math.min(Math.max(box.width, NARROWEST), WIDEST, view.width - 2 * EDGE);
}

/**
 * {left, top} of a bar of this size: above the box, else below it, else at the top of the view. `button` is the send button's
 * rectangle, or null.
 */
export function placeBeside(box, button, size, view) {
  const left = Math.min(Math.max(box.left, EDGE), view.width - size.width - EDGE);
  const tops = [box.top - GAP - size.height, box.bottom + GAP];
  if (button) tops.push(button.top - GAP - size.height, button.bottom + GAP);
  const fits = (top) => {
    const bar = { left, top, right: left + size.width, bottom: top + size.height };
    const inView = top >= EDGE && bar.bottom <= view.height - EDGE;
    return inView && !meet(bar, box) && !(button && meet(bar, button));
  };
  return { left, top: tops.find(fits) ?? EDGE };
}

function meet(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
