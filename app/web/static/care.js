/* The page of care asks for the findings once it stands, since looking for them takes a while. */
"use strict";

(async () => {
  const care = document.querySelector("[data-care]");
  if (!care) return;
  try {
    const { elements } = await Pages.part("/phrases/care?now=1");
    care.replaceChildren(...elements.childNodes);
    Pages.say("体检完了");
  } catch (error) {
    care.replaceChildren();
    Pages.tell(error);
  } finally {
    care.removeAttribute("aria-busy");
  }
})();
