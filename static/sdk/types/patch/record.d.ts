export type Op = import("./patch.js").Op;
/**
 * Runs `change` on a draft of `value`, and returns the operations that it made.
 * @param {any} value
 * @param {(draft: any) => any} change
 * @returns {Op[]}
 */
export declare function record(value: any, change: (draft: any) => any): Op[];
/**
 * The operation that writes a text over another text. Typing and small changes of long texts are
 * splices. So the server merges what two people type, and a keystroke is a short message.
 * @param {string} path
 * @param {any} old
 * @param {any} value
 * @returns {Op}
 */
export declare function textOp(path: string, old: any, value: any): Op;
/**
 * A short patch from `old` to `now`.
 * @param {any} old
 * @param {any} now
 * @returns {Op[]}
 */
export declare function diff(old: any, now: any): Op[];
