export type Op = import("../patch/patch.js").Op;
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
    /**
     * what makes the change again; by default a `replace` with `yours`
     */
    ops?: Op[];
};
/** @typedef {import("../patch/patch.js").Op} Op */
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
 * @property {Op[]} [ops] what makes the change again; by default a `replace` with `yours`
 */
/**
 * The items of a change that has ended: one when it was not accepted, else one for each value that it
 * replaced and that its author had not seen.
 * @param {import("../core/values.js").Effect} effect
 * @param {number} at when it ended, in milliseconds
 * @returns {Stored[]}
 */
export declare function itemsOf({ id, result, reason, entry, value, theirs: now }: import("../core/values.js").Effect, at: number): Stored[];
