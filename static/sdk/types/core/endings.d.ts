export type Reason = {
    code: string;
    message: string;
    path?: string;
    by?: any;
    lock?: any;
    conflicts?: any[];
    version?: number;
};
/**
 * Why a change was not accepted. `message` is a sentence for people.
 * @typedef {{code: string, message: string, path?: string, by?: any, lock?: any, conflicts?: any[],
 *   version?: number}} Reason
 */
/** @param {any} reject @returns {Reason} */
export declare function reasonOf({ code, message, path, removed_by, lock, conflicts, version }: any): Reason;
/** The reason after too many refusals that were only for now. @param {any} reject @returns {Reason} */
export declare function givenUp(reject: any): Reason;
/** Whether a retry cannot help. A lock may be held for hours, so the change becomes a draft. @param {any} reject */
export declare const isFinal: ({ retryable, code }: any) => boolean;
/**
 * The values that a change overwrote, with the author of each when a known change wrote it.
 * @param {any} ack
 * @param {{version: number, by: any, paths: string[]}[]} others changes of other authors, oldest first
 */
export declare function conflictsOf(ack: any, others: {
    version: number;
    by: any;
    paths: string[];
}[]): any;
