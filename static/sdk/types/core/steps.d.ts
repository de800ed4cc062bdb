export type Op = import("../patch/patch.js").Op;
export type Ask = {
    id: string;
    redo: boolean;
    scope?: string;
    version?: number;
    after: any[];
    done?: any;
};
export type Sending = {
    isOnline: boolean;
    inFlight: string;
    sentStep: string | undefined;
    edit: (edit: import("./values.js").Edit, kind: "edit" | "redo") => void;
    wait: (reject: any, tries: number) => void;
};
export type Done = {
    undone?: {
        pointers: string[];
    }[];
    skipped?: string[];
    goesOn?: boolean;
} | null;
/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {{id: string, redo: boolean, scope?: string, version?: number, after: any[], done?: any}} Ask `done`: the change of the server, when the answer was lost */
/**
 * What the requests need of the state machine.
 * @typedef {{isOnline: boolean, inFlight: string, sentStep: string | undefined,
 *   edit: (edit: import("./values.js").Edit, kind: "edit" | "redo") => void,
 *   wait: (reject: any, tries: number) => void}} Sending
 */
/** @typedef {{undone?: {pointers: string[]}[], skipped?: string[], goesOn?: boolean} | null} Done */
export declare class Steps {
    #private;
    core: import("./values.js").Values & Sending;
    /** @type {Ask[]} requests to the server without an answer, oldest first */
    asks: Ask[];
    /** @param {import("./values.js").Values & Sending} core */
    constructor(core: import("./values.js").Values & Sending);
    get canUndo(): boolean;
    get canRedo(): boolean;
    /** A new edit: nothing can be redone any more. */
    forget(): void;
    /** The requests of another user are not asked. */
    leave(): void;
    /** What the server can take back for this user; without these fields, what an edit leaves. @param {{can_undo?: boolean, can_redo?: boolean}} message */
    knows({ can_undo: undo, can_redo: redo }: {
        can_undo?: boolean;
        can_redo?: boolean;
    }): void;
    /** @param {Omit<Ask, "after"> & {now: number, change?: string}} event */
    ask(event: Omit<Ask, "after"> & {
        now: number;
        change?: string;
    }): void;
    /** Sends the next request. */
    send(): void;
    /** Whether a change is the effect of a request. Only the answer tells what it has skipped, so it is asked again. @param {any} change */
    accepted({ id, version, ops }: any): Ask | undefined;
    /** The kind of the answered request; undefined when the message answers none. @param {any} message */
    answered(message: any): "redo" | "undo" | undefined;
    /** Whether the message refuses one of the requests for ever. @param {any} message */
    refused(message: any): boolean;
}
