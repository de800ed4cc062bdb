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
    ops: Op[];
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
 * @property {Op[]} ops
 */
/**
 * The item of a change that was not accepted.
 * @param {import("../core/values.js").Effect} effect
 * @returns {Stored}
 */
export declare function refusedItem({ entry, reason, value, theirs: now }: import("../core/values.js").Effect): Stored;
/**
 * The items of a change that replaced values which its author had not seen.
 * @param {import("../core/values.js").Effect} effect
 * @param {number} at
 * @returns {Stored[]}
 */
export declare function overwrittenItems({ id, result }: import("../core/values.js").Effect, at: number): Stored[];
