export type Key = (string | number)[];
export type Row = {
    key: Key;
    [field: string]: any;
};
export type Writes = {
    put?: Row[];
    remove?: Key[];
};
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
 */
export declare function openRows({ indexedDB, setTimeout }: import("../link/transport.js").Environment): Promise<any>;
