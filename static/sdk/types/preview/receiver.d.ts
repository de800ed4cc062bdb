import { Emitter } from "../reports/events.js";
export type Op = import("../patch/patch.js").Op;
export type Render = (value: any, info: {
    patch: Op[] | null;
    version: number;
}) => void;
/** A preview. Events: `state`, `focus` (the editor points at a part), `error`. */
export declare class Receiver extends Emitter {
    #private;
    render: Render;
    options: {
        from?: string;
        maxFps?: number;
    };
    env: import("./channel.js").PreviewEnvironment;
    /** @type {'waiting' | 'connected' | 'refused' | 'closed'} */
    state: 'waiting' | 'connected' | 'refused' | 'closed';
    /** @type {any} */
    value: any;
    version: number;
    /**
     * @param {Render} render
     * @param {{from?: string, maxFps?: number}} options
     * @param {import("./channel.js").PreviewEnvironment} env
     */
    constructor(render: Render, options: {
        from?: string;
        maxFps?: number;
    }, env: import("./channel.js").PreviewEnvironment);
    /** Connects with the editor around this frame. */
    start(): void;
    /** Shows a part in the editor. @param {string | null} pointer */
    focus(pointer: string | null): void;
    /** Ends the preview. It keeps the last value. */
    close(): void;
    /** @param {Receiver["state"]} state */
    become(state: Receiver["state"]): void;
    /** Shows a value. @param {any} value @param {number} version @param {Op[] | null} patch */
    draw(value: any, version: number, patch: Op[] | null): void;
}
