// Rows in IndexedDB, or none when the browser gives the page none.
//
// The key of a row is a list of strings and numbers. The first ones select its group.

/** @typedef {(string | number)[]} Key */
/** @typedef {{key: Key, [field: string]: any}} Row */
/** @typedef {{put?: Row[], remove?: Key[]}} Writes */

const NAME = "weft";
const ROWS = "rows";
// Some browsers never answer a request to open a database.
const OPENS_WITHIN = 3_000;

/** @param {any} request @returns {Promise<any>} */
const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export class IndexedRows {
  isDurable = true;

  /** @param {any} database */
  constructor(database) {
    this.database = database;
  }

  /** @param {any} indexedDB */
  static async open(indexedDB) {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(ROWS, { keyPath: "key" });
    const database = await result(request);
    database.onversionchange = () => database.close();
    return new IndexedRows(database);
  }

  /** The rows whose keys begin with `start`, in the order of their keys. @param {Key} start @returns {Promise<Row[]>} */
  read(start) {
    const rows = this.database.transaction(ROWS).objectStore(ROWS);
    // In IndexedDB, a list is greater than every string and every number.
    return result(rows.getAll(IDBKeyRange.bound(start, [...start, []])));
  }

  /** Writes all rows or none. It ends when the database has them. @param {Writes} writes */
  write({ put = [], remove = [] }) {
    return this.transact((rows) => {
      for (const row of put) rows.put(row);
      for (const key of remove) rows.delete(key);
    });
  }

  /** Does all of `work` or nothing. No other tab writes meanwhile. @param {(rows: any) => void} work @returns {Promise<void>} */
  transact(work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(ROWS, "readwrite");
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      work(transaction.objectStore(ROWS));
    });
  }
}

/**
 * In place of rows that the browser does not keep. What is here now is in the state machine too, and
 * there is nothing of an earlier page.
 */
export const NO_ROWS = {
  isDurable: false,
  /** @param {Key} _start @returns {Promise<Row[]>} */
  read: async (_start) => [],
  /** @param {Writes} _writes */
  write: async (_writes) => {},
};

/**
 * The rows of this browser; none when IndexedDB is missing, broken or hangs.
 * @param {import("../link/transport.js").Environment} env
 * @returns {Promise<IndexedRows | typeof NO_ROWS>}
 */
export async function openRows({ indexedDB, setTimeout }) {
  const opens = async () => {
    const rows = await IndexedRows.open(indexedDB);
    await rows.read(["user"]);
    return rows;
  };
  const late = new Promise((/** @type {any} */ resolve) => setTimeout(resolve, OPENS_WITHIN));
  return (await Promise.race([opens().catch(() => {}), late])) ?? NO_ROWS;
}
