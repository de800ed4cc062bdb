export type Reason = {
    code: string;
    message: string;
    path?: string;
    removed_by?: any;
    lock?: any;
    conflicts?: any[];
    version?: number;
};
/**
 * Why a change was not accepted: a `reject` of the server, or what the SDK has found itself.
 * @typedef {{code: string, message: string, path?: string, removed_by?: any, lock?: any, conflicts?: any[],
 *   version?: number}} Reason
 */
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
