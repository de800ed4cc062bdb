export type Caller = {
    options: {
        url: string;
        token: () => string | Promise<string>;
    };
    env: import("./transport.js").Environment;
    client?: string;
};
/** @typedef {{options: {url: string, token: () => string | Promise<string>}, env: import("./transport.js").Environment, client?: string}} Caller */
/**
 * Sends a request, and returns the JSON of the answer. A refusal is a `Refusal`.
 * @param {Caller} caller
 * @param {string} method
 * @param {string} path
 * @param {{body?: any, headers?: Record<string, string>}} [options] a `body` is a file or JSON
 * @returns {Promise<any>}
 */
export declare function request(caller: Caller, method: string, path: string, { body, headers }?: {
    body?: any;
    headers?: Record<string, string>;
}): Promise<any>;
/**
 * Functions of a module that the first call of one of them loads. Each gets `request` and the caller
 * before its own arguments.
 * @param {() => Promise<any>} load
 * @param {Caller} caller
 * @param {string} names with spaces between them
 * @returns {any}
 */
export declare const later: (load: () => Promise<any>, caller: Caller, names: string) => any;
/** Sends a request about the document of a session. @param {Caller & {options: {document: string}}} session @param {string} method @param {string} path @param {any} [body] */
export declare function ask(session: Caller & {
    options: {
        document: string;
    };
}, method: string, path: string, body?: any): Promise<any>;
