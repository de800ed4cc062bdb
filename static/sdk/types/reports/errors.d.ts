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
/**
 * The server refused a request. `yours` is the value of the user, `theirs` the value at the server.
 * `by` is the author whose change or lock is the reason, when it is known.
 */
export declare class Refusal extends WeftError {
    /** @type {string | undefined} */
    path: string | undefined;
    /** @type {any} */
    yours: any;
    /** @type {any} */
    theirs: any;
    /** @type {any} */
    by: any;
    /** @type {number | undefined} */
    version: number | undefined;
    /** @type {any} the lock that is the reason */
    lock: any;
    /** @param {{code?: string, reason?: string, message?: string, path?: string, yours?: any, theirs?: any, by?: any, version?: number, lock?: any}} refusal */
    constructor({ reason, code, message, path, yours, theirs, by, version, lock }: {
        code?: string;
        reason?: string;
        message?: string;
        path?: string;
        yours?: any;
        theirs?: any;
        by?: any;
        version?: number;
        lock?: any;
    });
}
export {};
