import { Bridge } from "./preview/bridge.js";
import { PREVIEW_PROTOCOL } from "./preview/channel.js";
import { Receiver } from "./preview/receiver.js";
export { PREVIEW_PROTOCOL };
export type PreviewEnvironment = import("./preview/channel.js").PreviewEnvironment;
export type PreviewOptions = {
    /**
     * the origin of the editor, for example 'https://editor.example'
     */
    from?: string;
    /**
     * of the server
     */
    url?: string;
    /**
     * the name of the document
     */
    document?: string;
    /**
     * a viewer's token
     */
    token?: () => string | Promise<string>;
    /**
     * the most changes per second
     */
    maxFps?: number;
};
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
export declare function bridgePreview(iframe: HTMLIFrameElement, page: import("./page/page.js").Page, options?: import("./preview/bridge.js").BridgeOptions, given?: Partial<PreviewEnvironment>): Bridge;
/**
 * Calls `render(value, info)` with the value of the document, now and at each change.
 * @param {import("./preview/receiver.js").Render} render
 * @param {PreviewOptions} options
 * @param {Partial<PreviewEnvironment>} [given] for tests: what to use in place of the browser's
 * @returns {Receiver}
 */
export declare function receivePreview(render: import("./preview/receiver.js").Render, options: PreviewOptions, given?: Partial<PreviewEnvironment>): Receiver;
