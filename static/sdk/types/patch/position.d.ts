export type Op = import("./patch.js").Op;
export type Splice = import("./splices.js").Splice;
export type Waiting = {
    id: string;
    ops: Op[];
};
export type Learned = {
    ids: string[];
    ops: Op[];
    before: any;
    after: any;
};
export type Via = {
    back: Waiting[];
    since: Learned[];
    forth: Waiting[];
};
/** @typedef {import("./patch.js").Op} Op */
/** @typedef {import("./splices.js").Splice} Splice */
/** @typedef {{id: string, ops: Op[]}} Waiting an entry */
/** @typedef {{ids: string[], ops: Op[], before: any, after: any}} Learned a change from the server */
/**
 * How one shown value became the next: without the entries of `back`, then with the changes of
 * `since`, then with the entries of `forth`.
 * @typedef {{back: Waiting[], since: Learned[], forth: Waiting[]}} Via
 */
/** The pointer of a text. It follows the text when elements of lists move. */
export declare class Place {
    #private;
    tokens: string[];
    /** @param {string} pointer */
    constructor(pointer: string);
    /** The pointer of the text in another version of the value; null when its element is gone. @param {any} value */
    find(value: any): string | null;
    /** @param {any} before @param {any} now */
    follow(before: any, now: any): void;
}
export type Version = {
    value: any;
    path: string | null;
    text: string;
};
/**
 * One version of a text: the value of the document, the pointer of the text, and the text.
 * @typedef {{value: any, path: string | null, text: string}} Version
 */
/**
 * A function from offsets of a text in `from` to offsets of the text in `to`.
 * @param {Place} place
 * @param {Version} from
 * @param {Version} to
 * @param {Via} [via]
 * @returns {(at: number, isRight?: boolean) => number}
 */
export declare function mapping(place: Place, from: Version, to: Version, via?: Via): (at: number, isRight?: boolean) => number;
/** The offset before the entries that wait. @param {number} at @param {Waiting[]} waiting @param {string | null} path */
export declare function without(at: number, waiting: Waiting[], path: string | null): number;
export type Step = {
    key: string;
    splice: Splice;
};
