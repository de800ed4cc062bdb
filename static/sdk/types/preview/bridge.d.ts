import { Emitter } from "../reports/events.js";
export type BridgeOptions = {
    /**
     * the part of the value that the preview gets; by default the whole value
     */
    pointer?: string;
    /**
     * the most messages with changes per second; by default 60
     */
    maxFps?: number;
    /**
     * the origin of the preview; by default the origin of the iframe's `src`
     */
    origin?: string;
};
/** A preview. Events: `state`, `focus` (the user points at a part in the preview), `error`. */
export declare class Bridge extends Emitter {
    #private;
    iframe: any;
    page: {
        value: any;
        subscribe: (pointer: string, listener: () => void) => () => void;
    };
    options: BridgeOptions;
    env: import("./channel.js").PreviewEnvironment;
    /** @type {'waiting' | 'connected' | 'closed'} */
    state: 'waiting' | 'connected' | 'closed';
    /**
     * @param {any} iframe
     * @param {{value: any, subscribe: (pointer: string, listener: () => void) => () => void}} page
     * @param {BridgeOptions} options
     * @param {import("./channel.js").PreviewEnvironment} env
     */
    constructor(iframe: any, page: {
        value: any;
        subscribe: (pointer: string, listener: () => void) => () => void;
    }, options: BridgeOptions, env: import("./channel.js").PreviewEnvironment);
    /** Shows a part in the preview. After a reload of the frame, the preview gets it again. @param {string | null} pointer */
    focus(pointer: string | null): void;
    /** Ends the preview's connection. The preview keeps the last value. */
    close(): void;
}
