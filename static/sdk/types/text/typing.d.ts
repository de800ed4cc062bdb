/**
 * The splice that an input made. The text after the caret did not change, so typing "a" in "aaa" is
 * found at the right place. When that does not fit, both texts are compared as a whole.
 * @param {string} old
 * @param {string} now
 * @param {number} [caret] the end of the selection after the input
 */
export declare function typed(old: string, now: string, caret?: number): {
    op: string;
    path: string;
    offset: number;
    delete: number;
    insert: string;
};
/** The text without halves of surrogate pairs. No server accepts them. @param {string} text */
export declare const wellFormed: (text: string) => string;
