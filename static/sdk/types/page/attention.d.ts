export type Op = import("../patch/patch.js").Op;
export type Change = import("../reports/change.js").Change;
export type Stored = import("../reports/items.js").Stored;
export type Item = Stored & {
    reapply: () => Change;
    takeTheirs: () => Change | void;
    discard: () => void;
};
/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("../reports/change.js").Change} Change */
/** @typedef {import("../reports/items.js").Stored} Stored */
/** @typedef {Stored & {reapply: () => Change, takeTheirs: () => Change | void, discard: () => void}} Item */
export declare class Attention {
    #private;
    /** @type {Item[]} oldest first; a new list when it changes */
    items: Item[];
    /** @param {import("../session/session.js").Session} session @param {{value: any, patch: (ops: Op[]) => Change}} page */
    constructor(session: import("../session/session.js").Session, page: {
        value: any;
        patch: (ops: Op[]) => Change;
    });
    /** Keeps a text of the user that became no change. @param {{path: string, yours: string, theirs: any, message: string}} what */
    keep(what: {
        path: string;
        yours: string;
        theirs: any;
        message: string;
    }): void;
}
