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

/** The rows of IndexedDB. @param {any} indexedDB */
async function open(indexedDB) {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(ROWS, { keyPath: "key" });
  const database = await result(request);
  database.onversionchange = () => database.close();

  /** Does all of `work` or nothing. No other tab writes meanwhile. @param {(rows: any) => void} work @returns {Promise<void>} */
  const transact = (work) =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction(ROWS, "readwrite");
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      work(transaction.objectStore(ROWS));
    });

  return {
    isDurable: true,
    transact,

    /** The rows whose keys begin with `start`, in the order of their keys. @param {Key} start @returns {Promise<Row[]>} */
    read: (start) =>
      // In IndexedDB, a list is greater than every string and every number.
      result(database.transaction(ROWS).objectStore(ROWS).getAll(IDBKeyRange.bound(start, [...start, []]))),

    /** Writes all rows or none. It ends when the database has them. @param {Writes} writes */
    write: ({ put = [], remove = [] }) =>
      transact((rows) => {
        for (const row of put) rows.put(row);
        for (const key of remove) rows.delete(key);
        // Otherwise a page that ends now loses them: the browser would wait for this page.
        rows.transaction.commit();
      }),
  };
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
 */
export async function openRows({ indexedDB, setTimeout }) {
  const opens = async () => {
    const rows = await open(indexedDB);
    await rows.read(["user"]);
    return rows;
  };
  const late = new Promise((/** @type {any} */ resolve) => setTimeout(resolve, OPENS_WITHIN));
  return (await Promise.race([opens().catch(() => {}), late])) ?? NO_ROWS;
}
