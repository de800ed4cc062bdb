// The page around ours, when a product shows our page in a frame. It gives the tokens of its users.
//
// `?from=ORIGIN` names its origin. Messages go only to this origin, and come only from it.

const AGAIN = 500;
const PATIENCE = 20_000;
const OFFLINE = 2_000; // without a network, the page around ours can hardly get a token

/** The origin of the page around ours; '' when there is none. */
export const AROUND =
  window.parent === window ? "" : originOf(new URLSearchParams(location.search).get("from"));

export const NO_TOKEN = "The page around the editor does not say who you are. Sign in there again.";

/** Send a message to the page around ours. @param {Record<string, unknown>} message */
export function tellAround(message) {
  window.parent.postMessage({ weft: "editor", protocol: 1, ...message }, AROUND);
}

/** Ask the page around ours for a token. It may not listen yet, so ask again and again. @returns {Promise<string>} */
export function tokenFromAround() {
  return new Promise((resolve, reject) => {
    const heard = new AbortController();
    const ask = () => tellAround({ type: "token" });
    const asking = setInterval(ask, AGAIN);
    const end = () => {
      heard.abort();
      clearInterval(asking);
      clearTimeout(timer);
    };
    const timer = setTimeout(
      () => {
        end();
        reject(new Error(`the page around the editor, of ${AROUND}, gave no token`));
      },
      navigator.onLine ? PATIENCE : OFFLINE,
    );
    const hear = (/** @type {MessageEvent} */ { source, origin, data }) => {
      if (source !== window.parent || origin !== AROUND || data?.weft !== "editor") return;
      if (data.type !== "token" || typeof data.token !== "string") return;
      end();
      resolve(data.token);
    };
    addEventListener("message", hear, { signal: heard.signal });
    ask();
  });
}

/** @param {string | null} address */
function originOf(address) {
  try {
    const { origin } = new URL(address ?? "");
    return origin === "null" ? "" : origin; // of `data:` and the like: no message can be sent there
  } catch {
    return "";
  }
}
