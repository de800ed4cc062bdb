export type Op = import("./patch.js").Op;
export type Ask = {
    id: string;
    redo: boolean;
    scope?: string;
    version?: number;
};
export type Done = {
    undone?: {
        pointers: string[];
    }[];
    skipped?: string[];
    goesOn?: boolean;
} | null;
/** @typedef {import("./patch.js").Op} Op */
/** @typedef {{id: string, redo: boolean, scope?: string, version?: number}} Ask */
/** @typedef {{undone?: {pointers: string[]}[], skipped?: string[], goesOn?: boolean} | null} Done */
export declare class Steps {
    #private;
    core: import("./core.js").Core;
    /** @type {Ask[]} requests to the server without an answer, oldest first */
    asks: Ask[];
    /** @param {import("./core.js").Core} core */
    constructor(core: import("./core.js").Core);
    get canUndo(): boolean;
    get canRedo(): boolean;
    /** A new edit: nothing can be redone any more. */
    forget(): void;
    /** @param {Ask & {now: number}} event */
    ask(event: Ask & {
        now: number;
    }): void;
    /** Sends the next request. */
    send(): void;
    /** The kind of the answered request; undefined when the message answers none. @param {any} message */
    answered({ id, version, undone, skipped, ops }: any): "redo" | "undo" | undefined;
    /** Whether the message refuses one of the requests for ever. @param {any} message */
    refused(message: any): boolean;
}
