/**
 * Takes a lock, and keeps it until the returned function is called; null when another tab has it.
 * @param {import("../link/transport.js").Environment} env
 * @param {any} rows
 * @param {string} name
 * @returns {Promise<(() => void) | null>}
 */
export declare function take(env: import("../link/transport.js").Environment, rows: any, name: string): Promise<(() => void) | null>;
