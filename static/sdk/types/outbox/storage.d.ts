export type Key = (string | number)[];
export type Row = {
    key: Key;
    [field: string]: any;
};
export type Writes = {
    put?: Row[];
    remove?: Key[];
};
export declare class IndexedRows {
    database: any;
    isDurable: boolean;
    /** @param {any} database */
    constructor(database: any);
    /** @param {any} indexedDB */
    static open(indexedDB: any): Promise<IndexedRows>;
    /** The rows whose keys begin with `start`, in the order of their keys. @param {Key} start @returns {Promise<Row[]>} */
    read(start: Key): Promise<Row[]>;
    /** Writes all rows or none. It ends when the database has them. @param {Writes} writes */
    write({ put, remove }: Writes): Promise<void>;
    /** Does all of `work` or nothing. No other tab writes meanwhile. @param {(rows: any) => void} work @returns {Promise<void>} */
    transact(work: (rows: any) => void): Promise<void>;
}
/**
 * In place of rows that the browser does not keep. What is here now is in the state machine too, and
 * there is nothing of an earlier page.
 */
export declare const NO_ROWS: {
    isDurable: boolean;
    /** @param {Key} _start @returns {Promise<Row[]>} */
    read: (_start: Key) => Promise<Row[]>;
    /** @param {Writes} _writes */
    write: (_writes: Writes) => Promise<void>;
};
/**
 * The rows of this browser; none when IndexedDB is missing, broken or hangs.
 * @param {import("../link/transport.js").Environment} env
 * @returns {Promise<IndexedRows | typeof NO_ROWS>}
 */
export declare function openRows({ indexedDB, setTimeout }: import("../link/transport.js").Environment): Promise<IndexedRows | typeof NO_ROWS>;
