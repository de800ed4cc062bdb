export type Splice = {
    offset: number;
    delete: number;
    insert: string;
};
/** @typedef {{offset: number, delete: number, insert: string}} Splice */
/** Where an offset is after a splice. @param {number} at @param {Splice} splice @param {boolean} [isRight] whether text that is inserted at the offset comes before it */
export declare function after(at: number, { offset, delete: count, insert }: Splice, isRight?: boolean): number;
/**
 * The splices that turn `old` into `now`, one for each place when the texts are not too long.
 * @param {string} old
 * @param {string} now
 * @returns {Splice[]}
 */
export declare function compare(old: string, now: string): Splice[];
