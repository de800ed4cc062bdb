/**
 * A change of the user. Its `state` is `pending`, `sending` or `retrying`. It ends once: as
 * `durable`, `merged`, `overwritten`, `undone`, `refused` or `failed`.
 */
export declare class Change {
    #private;
    id: string;
    state: string;
    /** @type {Promise<{version: number, merged: string[], conflicts: any[]}>} */
    durable: Promise<{
        version: number;
        merged: string[];
        conflicts: any[];
    }>;
    /** @param {string} id */
    constructor(id: string);
    /** @param {string} state @param {any} result @param {Error} [refusal] */
    end(state: string, result: any, refusal?: Error): void;
}
