/**
 * A change of the user. Its `state` is `pending`, `sending` or `retrying`. It ends once: as
 * `durable`, `merged`, `overwritten`, `undone`, `refused` or `failed`.
 */
export declare class Change {
    id: string;
    /** @type {Promise<{version: number, merged: string[], conflicts: any[]}>} */
    durable: Promise<{
        version: number;
        merged: string[];
        conflicts: any[];
    }>;
    /** @type {(state: string, result: any, refusal?: Error) => void} */
    end: (state: string, result: any, refusal?: Error) => void;
    state: string;
    /** @param {string} id */
    constructor(id: string);
}
