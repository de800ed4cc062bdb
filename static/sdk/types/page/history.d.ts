export type Ask = (method: string, path: string, body?: any) => Promise<any>;
/** @typedef {(method: string, path: string, body?: any) => Promise<any>} Ask a request about the document */
/** @param {Ask} ask */
export declare const historyOf: (ask: Ask) => {
    /** A page of the history, newest first. `cursor` of the answer leads to the next page. @param {{limit?: number, cursor?: string, each?: 1, from?: number, to?: number}} [options] @returns {Promise<{items: any[], cursor?: string}>} */
    list: (options?: {
        limit?: number;
        cursor?: string;
        each?: 1;
        from?: number;
        to?: number;
    }) => Promise<{
        items: any[];
        cursor?: string;
    }>;
    /** The value at a version. @param {number} version @returns {Promise<any>} */
    at: (version: number) => Promise<any>;
    /** A patch from one version to another. @param {number} from @param {number} to @returns {Promise<import("../patch/patch.js").Op[]>} */
    diff: (from: number, to: number) => Promise<import("../patch/patch.js").Op[]>;
    /** Names a version. It is then kept for ever. @param {number} version @param {string} name @returns {Promise<any>} */
    name: (version: number, name: string) => Promise<any>;
    /** Makes an older version, or a part of it, current again. @param {number} version @param {string} [pointer] @returns {Promise<{version: number}>} */
    restore: (version: number, pointer?: string) => Promise<{
        version: number;
    }>;
};
