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
    #private;
    database: any;
    isDurable: boolean;
    /** @param {any} database */
    constructor(database: any);
    /** @param {any} indexedDB */
    static open(indexedDB: any): Promise<IndexedRows>;
    /** The rows whose keys begin with `start`, in the order of their keys. @param {Key} start @returns {Promise<Row[]>} */
    read(start: Key): Promise<Row[]>;
    /** Writes all rows or none. It ends when the database has them. @param {Writes} writes @returns {Promise<void>} */
    write({ put, remove }: Writes): Promise<void>;
    /** Replaces a row by `change(row)`, when it returns one. No other tab writes meanwhile. @param {Key} key @param {(row: any) => Row | null} change */
    update(key: Key, change: (row: any) => Row | null): Promise<Row | null>;
}
export declare class MemoryRows {
    #private;
    isDurable: boolean;
    /** @param {Key} start @returns {Promise<Row[]>} */
    read(start: Key): Promise<Row[]>;
    /** @param {Writes} writes */
    write({ put, remove }: Writes): Promise<void>;
    /** @param {Key} key @param {(row: any) => Row | null} change */
    update(key: Key, change: (row: any) => Row | null): Promise<Row | null>;
}
/**
 * The rows of this browser. When IndexedDB is missing, broken or hangs, they live as long as the page.
 * @param {import("../link/transport.js").Environment} env
 * @returns {Promise<IndexedRows | MemoryRows>}
 */
export declare function openRows({ indexedDB, setTimeout }: import("../link/transport.js").Environment): Promise<IndexedRows | MemoryRows>;
