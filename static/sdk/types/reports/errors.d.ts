declare const SENTENCES: {
    bad_options: string;
    not_ready: string;
    closed: string;
    read_only: string;
    offline: string;
    protocol: string;
    memory_only: string;
    storage_full: string;
};
/** An error of the SDK. */
export declare class WeftError extends Error {
    code: string;
    /** @param {keyof typeof SENTENCES | string} code @param {string} [message] @param {unknown} [cause] */
    constructor(code: keyof typeof SENTENCES | string, message?: string, cause?: unknown);
}
/** The author whose change or lock is the reason of a refusal. @param {{by?: any, removed_by?: any, lock?: any}} refusal */
export declare const authorOf: ({ by, removed_by, lock }: {
    by?: any;
    removed_by?: any;
    lock?: any;
}) => any;
/**
 * The server refused a request. `yours` is the value of the user, `theirs` the value at the server.
 * `by` is the author whose change or lock is the reason, when it is known.
 */
export declare class Refusal extends WeftError {
    path: string | undefined;
    yours: any;
    theirs: any;
    by: any;
    version: number | undefined;
    /** The lock that is the reason. */
    lock: any;
    /** @param {{code?: string, reason?: string, message?: string, path?: string, yours?: any, theirs?: any, by?: any, removed_by?: any, version?: number, lock?: any}} refusal an answer of the server, or an item of `attention` */
    constructor(refusal: {
        code?: string;
        reason?: string;
        message?: string;
        path?: string;
        yours?: any;
        theirs?: any;
        by?: any;
        removed_by?: any;
        version?: number;
        lock?: any;
    });
}
export {};
