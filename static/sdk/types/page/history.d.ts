export declare class History {
    #private;
    /** @param {import("../session/session.js").Session} session */
    constructor(session: import("../session/session.js").Session);
    /** A page of the history, newest first. `cursor` of the answer leads to the next page. @param {{limit?: number, cursor?: string, each?: 1, from?: number, to?: number}} [options] @returns {Promise<{items: any[], cursor?: string}>} */
    list(options?: {
        limit?: number;
        cursor?: string;
        each?: 1;
        from?: number;
        to?: number;
    }): Promise<{
        items: any[];
        cursor?: string;
    }>;
    /** The value at a version. @param {number} version @returns {Promise<any>} */
    at(version: number): Promise<any>;
    /** A patch from one version to another. @param {number} from @param {number} to @returns {Promise<import("../patch/patch.js").Op[]>} */
    diff(from: number, to: number): Promise<import("../patch/patch.js").Op[]>;
    /** Names a version. It is then kept for ever. @param {number} version @param {string} name @returns {Promise<any>} */
    name(version: number, name: string): Promise<any>;
    /** Makes an older version, or a part of it, current again. @param {number} version @param {string} [pointer] @returns {Promise<{version: number}>} */
    restore(version: number, pointer?: string): Promise<{
        version: number;
    }>;
}
/** @param {Record<string, any>} fields */
export declare function query(fields: Record<string, any>): string;
