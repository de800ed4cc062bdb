export type Op = import("../patch/patch.js").Op;
export type Entry = {
    /**
     * the id of the request on the wire
     */
    id: string;
    /**
     * its place among the stored entries
     */
    place: number;
    epoch: number | null;
    /**
     * the version that `ops` refer to; null when it is not known yet
     */
    base: number | null;
    ops: Op[];
    /**
     * when the user made the change, in milliseconds
     */
    time: number;
    /**
     * the name of its undo step
     */
    step?: string;
    /**
     * of the lock that the change relies on
     */
    fence?: number;
    /**
     * whether it was ever sent; then its id and ops never change
     */
    sent: boolean;
    /**
     * the version in which it was found; its answer is still to come
     */
    accepted?: number;
    /**
     * the version of its answer
     */
    answered?: number;
    /**
     * how often the server refused it for now
     */
    tries?: number;
    /**
     * pointers of texts that this page has merged
     */
    merged?: string[];
};
/**
 * Whether a new change belongs to the same gesture as an unsent entry.
 * @param {Entry} entry
 * @param {{ops: Op[], now: number, step?: string, fence?: number}} edit
 */
export declare function joins(entry: Entry, { ops, now, step, fence }: {
    ops: Op[];
    now: number;
    step?: string;
    fence?: number;
}): boolean;
/**
 * Whether one patch may have these operations. `limits` are those of `opened`.
 * @param {Op[]} ops
 * @param {{max_ops?: number, max_frame?: number}} limits
 */
export declare function fits(ops: Op[], { max_ops, max_frame }: {
    max_ops?: number;
    max_frame?: number;
}): boolean;
/**
 * Both patches as one short patch.
 * @param {Op[]} ops
 * @param {Op[]} more
 * @returns {Op[]}
 */
export declare function squash(ops: Op[], more: Op[]): Op[];
