export type Json = null | boolean | number | string | any[] | {
    [key: string]: any;
};
export type Op = {
    op: string;
    path: string;
    from?: string;
    value?: any;
    offset?: number;
    delete?: number;
    insert?: string;
};
/** A patch that does not fit its value. `op` is the number of the operation. */
export declare class PatchError extends Error {
    code: string;
    path: string;
    op: number;
    /** @param {string} code @param {string} message @param {string} path */
    constructor(code: string, message: string, path: string);
}
/**
 * The keys and indexes of a pointer.
 * @param {string} pointer
 * @returns {string[]}
 */
export declare function parse(pointer: string): string[];
/**
 * The pointer of keys and indexes.
 * @param {(string | number)[]} tokens
 * @returns {string}
 */
export declare function render(tokens: (string | number)[]): string;
/** Whether `inner` is the pointer `outer` or leads below it. @param {string} outer @param {string} inner */
export declare function covers(outer: string, inner: string): boolean;
/** Whether one of two pointers leads to the other or below it. @param {string} a @param {string} b */
export declare const overlaps: (a: string, b: string) => boolean;
/** Whether both values have the same JSON. @param {any} a @param {any} b @returns {boolean} */
export declare function same(a: any, b: any): boolean;
/** Throws when JSON has no such value: NaN, Infinity, or an object such as a Date. @param {any} value @param {string} path */
export declare function requireJson(value: any, path: string): void;
/** @param {any} value */
export declare const isContainer: (value: any) => boolean;
/**
 * The child of a container, or undefined.
 * @param {any} holder
 * @param {string} token
 * @returns {any}
 */
export declare function child(holder: any, token: string): any;
/**
 * The value at a pointer, or undefined.
 * @param {any} value
 * @param {string | string[]} pointer
 * @returns {any}
 */
export declare function get(value: any, pointer: string | string[]): any;
/**
 * Applies a patch as a whole, or throws a `PatchError`.
 * @param {any} value
 * @param {Op[]} ops
 * @returns {any} the new value
 */
export declare function apply(value: any, ops: Op[]): any;
/**
 * The splice that turns `old` into `text`.
 * @param {string} path
 * @param {string} old
 * @param {string} text
 * @returns {{op: string, path: string, offset: number, delete: number, insert: string}}
 */
export declare function toSplice(path: string, old: string, text: string): {
    op: string;
    path: string;
    offset: number;
    delete: number;
    insert: string;
};
