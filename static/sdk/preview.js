// The preview of a document: `bridgePreview` in the editor, `receivePreview` in the preview.

import { Bridge } from "./preview/bridge.js";
import { PREVIEW_PROTOCOL, environment } from "./preview/channel.js";
import { WeftError } from "./reports/errors.js";
import { Receiver } from "./preview/receiver.js";

export { PREVIEW_PROTOCOL };

/** @typedef {import("./preview/channel.js").PreviewEnvironment} PreviewEnvironment */

/**
 * What a preview needs. With `from`, it gets the value from the editor around its iframe. With
 * `url`, `document` and `token`, it gets the value from the server. With both, it uses the server
 * when the page is in no iframe.
 * @typedef {object} PreviewOptions
 * @property {string} [from] the origin of the editor, for example 'https://editor.example'
 * @property {string} [url] of the server
 * @property {string} [document] the name of the document
 * @property {() => string | Promise<string>} [token] a viewer's token
 * @property {number} [maxFps] the most changes per second
 */

/**
 * Sends the value of a page to the preview in an iframe, now and at each change.
 * @param {HTMLIFrameElement} iframe
 * @param {import("./page/page.js").Page} page
 * @param {import("./preview/bridge.js").BridgeOptions} [options]
 * @param {Partial<PreviewEnvironment>} [given] for tests: what to use in place of the browser's
 * @returns {Bridge}
 */
export function bridgePreview(iframe, page, options = {}, given) {
  if (!iframe || !("contentWindow" in iframe) || typeof page?.subscribe !== "function") {
    throw new WeftError("bad_options", "`bridgePreview` needs an iframe and the page of `connect`");
  }
  return new Bridge(iframe, page, options, environment(given));
}

/**
 * Calls `render(value, info)` with the value of the document, now and at each change.
 * @param {import("./preview/receiver.js").Render} render
 * @param {PreviewOptions} options
 * @param {Partial<PreviewEnvironment>} [given] for tests: what to use in place of the browser's
 * @returns {Receiver}
 */
export function receivePreview(render, options, given) {
  const env = environment(given);
  const { from, url, document, token } = options ?? {};
  const isDirect = url !== undefined && document !== undefined && token !== undefined;
  if (typeof render !== "function" || !(isOrigin(from) || (isDirect && from === undefined))) {
    throw new WeftError("bad_options", "`receivePreview` needs a function, and the editor's origin as `from`, like 'https://editor.example'; or `url`, `document` and `token`");
  }
  const receiver = new Receiver(render, options, env);
  const isAlone = env.window.parent === env.window;
  if (isDirect && (isAlone || from === undefined)) void follow(receiver, /** @type {any} */ (options), given);
  else if (isAlone) throw new WeftError("preview_alone", "this page is in no iframe: open it in the editor, or give `url`, `document` and `token` too");
  else receiver.start();
  return receiver;
}

/** @param {string | undefined} from */
function isOrigin(from) {
  try {
    return from !== undefined && new URL(from).origin === from;
  } catch {
    return false;
  }
}

/**
 * Follows the document on the server, as a reader that other users do not see.
 * @param {Receiver} receiver
 * @param {{url: string, document: string, token: () => string, maxFps?: number}} options
 * @param {any} given
 */
async function follow(receiver, { url, document, token, maxFps }, given) {
  const { connect } = await import("./weft.js");
  if (receiver.state === "closed") return;
  const client = `preview-${Math.floor(receiver.env.random() * 2 ** 40).toString(36)}`;
  const page = connect({ url, document, token, maxFps, client, offline: false }, given);
  page.presence.set(null);
  page.subscribe("", (value) => receiver.draw(value, page.version, null));
  page.on("error", (error) => receiver.emit("error", error));
  page.on("link", ({ link }) => receiver.become(link === "online" ? "connected" : link === "refused" ? "refused" : "waiting"));
  receiver.on("state", (state) => state === "closed" && void page.close());
}
