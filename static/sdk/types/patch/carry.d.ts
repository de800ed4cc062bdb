export type Op = import("./patch.js").Op;
export type Carried = {
    /**
     * the patch for the other value
     */
    ops: Op[];
    /**
     * pointers of texts that both sides changed at different places
     */
    merged: string[];
    /**
     * the value after the patch, on the old side
     */
    from: any;
    /**
     * the value after the patch, on the new side
     */
    to: any;
};
/** @typedef {import("./patch.js").Op} Op */
/**
 * @typedef {object} Carried
 * @property {Op[]} ops the patch for the other value
 * @property {string[]} merged pointers of texts that both sides changed at different places
 * @property {any} from the value after the patch, on the old side
 * @property {any} to the value after the patch, on the new side
 */
/**
 * The patch `ops`, made on `from`, for the value `to`; null when it is not certain.
 * @param {Op[]} ops
 * @param {any} from
 * @param {any} to
 * @param {boolean | null} [overwrite] whether a write may replace another value than its author saw; null when
 *   even the place of a splice among equal letters must be certain
 * @returns {Carried | null}
 */
export declare function carry(ops: Op[], from: any, to: any, overwrite?: boolean | null): Carried | null;
/**
 * Where the element at `tokens` of `from` is in `to`; null when it is not certain.
 * @param {any} from
 * @param {any} to
 * @param {string[]} tokens
 * @param {boolean} [isLoose] whether the place counts, with or without a value: then only an element with an `id`
 *   can be gone, and another one stays at its index when `to` does not show where it went
 * @returns {string[] | null}
 */
export declare function element(from: any, to: any, tokens: string[], isLoose?: boolean): string[] | null;
