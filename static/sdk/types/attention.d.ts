export type Op = import("./patch.js").Op;
export type Change = import("./change.js").Change;
export type Stored = {
    id: string;
    /**
     * a code of the server, `overwritten`, or `lost` when a bound text had no place any more
     */
    reason: string;
    /**
     * a sentence for the user
     */
    message: string;
    path: string;
    yours: any;
    theirs: any;
    by?: any;
    version?: number;
    /**
     * when the change was made, in milliseconds
     */
    at: number;
    ops: Op[];
};
export type Item = Stored & {
    reapply: () => Change;
    takeTheirs: () => Change;
    discard: () => void;
};
/** @typedef {import("./patch.js").Op} Op */
/** @typedef {import("./change.js").Change} Change */
/**
 * @typedef {object} Stored
 * @property {string} id
 * @property {string} reason a code of the server, `overwritten`, or `lost` when a bound text had no place any more
 * @property {string} message a sentence for the user
 * @property {string} path
 * @property {any} yours
 * @property {any} theirs
 * @property {any} [by]
 * @property {number} [version]
 * @property {number} at when the change was made, in milliseconds
 * @property {Op[]} ops
 */
/** @typedef {Stored & {reapply: () => Change, takeTheirs: () => Change, discard: () => void}} Item */
export declare class Attention {
    #private;
    session: import("./session.js").Session;
    page: import("./page.js").Page;
    /** @type {Item[]} oldest first; a new list when it changes */
    items: Item[];
    /** @param {import("./session.js").Session} session @param {import("./page.js").Page} page */
    constructor(session: import("./session.js").Session, page: import("./page.js").Page);
    /** Keeps a text of the user that became no change. @param {{path: string, yours: string, theirs: any, message: string}} what */
    keep(what: {
        path: string;
        yours: string;
        theirs: any;
        message: string;
    }): void;
}
/**
 * The item of a change that was not accepted.
 * @param {import("./values.js").Effect} effect
 * @returns {Stored}
 */
export declare function refusedItem({ entry, reason, value, theirs: now }: import("./values.js").Effect): Stored;
/**
 * The items of a change that replaced values which its author had not seen.
 * @param {import("./values.js").Effect} effect
 * @param {number} at
 * @returns {Stored[]}
 */
export declare function overwrittenItems({ id, result }: import("./values.js").Effect, at: number): Stored[];
