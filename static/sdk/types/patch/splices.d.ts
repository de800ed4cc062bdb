export type Op = import("./patch.js").Op;
export type Splice = {
    offset: number;
    delete: number;
    insert: string;
};
export type Mapping = (at: number, isRight?: boolean) => number;
/** @typedef {import("./patch.js").Op} Op */
/** @typedef {{offset: number, delete: number, insert: string}} Splice */
/** @typedef {(at: number, isRight?: boolean) => number} Mapping */
/** Where an offset is after a splice. @param {number} at @param {Splice} splice @param {boolean} [isRight] whether text that is inserted at the offset comes before it */
export declare function after(at: number, { offset, delete: count, insert }: Splice, isRight?: boolean): number;
/** A function from offsets before splices to offsets after them. @param {Splice[]} splices @returns {Mapping} */
export declare const mapping: (splices: Splice[]) => Mapping;
/**
 * The splices of a text in a patch. When they do not make `now`, both texts are compared.
 * @param {Op[]} ops
 * @param {string | null} path
 * @param {string} old
 * @param {string} now
 * @returns {Splice[]}
 */
export declare function splicesOf(ops: Op[], path: string | null, old: string, now: string): Splice[];
/**
 * The splices that turn `old` into `now`, one for each place where they differ.
 *
 * A block of characters that both texts have equally often stays where it is. So the parts between
 * these blocks are compared one by one. In a long text the blocks are longer, to bound the work.
 * @param {string} old
 * @param {string} now
 * @returns {Splice[]}
 */
export declare function compare(old: string, now: string): Splice[];
