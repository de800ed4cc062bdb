// The Back button of the browser closes the screen that lies over the page, and not the page.
//
// While a screen is open, the browser's history has one entry more. It goes when the screen is closed. A
// frame leaves the history to the page around it.

const STATE = "screen";
/** What closes each open screen, the newest last. @type {(() => void)[]} */
const open = [];
let isThere = history.state?.weft === STATE; // after a reload of the page
let isLeaving = false; // until the browser has left the entry

/** Let Back close what is open now. Return what ends that. @param {() => void} close @returns {() => void} */
export function onBack(close) {
  open.push(close);
  follow();
  return () => {
    const at = open.indexOf(close);
    if (at >= 0) open.splice(at, 1);
    follow();
  };
}

/** Have the entry while a screen is open. */
function follow() {
  if (isLeaving || open.length > 0 === isThere || parent !== window) return;
  isThere = open.length > 0;
  if (isThere) return history.pushState({ weft: STATE }, "");
  isLeaving = true;
  history.back();
}

addEventListener("popstate", () => {
  if (isLeaving) isLeaving = false;
  else if (isThere) {
    isThere = false;
    // A question over a screen is closed before it.
    const asked = [...document.querySelectorAll("dialog:modal")].at(-1);
    if (asked && !asked.matches(".publish")) /** @type {HTMLDialogElement} */ (asked).close();
    else open.pop()?.();
  }
  follow();
});
