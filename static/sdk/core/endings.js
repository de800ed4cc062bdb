// How changes end: what an answer of the server means for the change.

import { overlaps } from "../patch/patch.js";

/**
 * Why a change was not accepted: a `reject` of the server, or what the SDK has found itself.
 * @typedef {{code: string, message: string, path?: string, removed_by?: any, lock?: any, conflicts?: any[],
 *   version?: number}} Reason
 */

/** Whether a retry cannot help. A lock may be held for hours, so the change becomes a draft. @param {any} reject */
export const isFinal = ({ retryable, code }) => !retryable || code === "locked";

/**
 * The values that a change overwrote, with the author of each when a known change wrote it.
 * @param {any} ack
 * @param {{version: number, by: any, paths: string[]}[]} others changes of other authors, oldest first
 */
export function conflictsOf(ack, others) {
  return (ack.conflicts ?? []).map((/** @type {any} */ each) => {
    const isIts = (/** @type {string} */ path) => overlaps(path, each.path);
    return { ...each, by: others.findLast(({ version, paths }) => version <= ack.version && paths.some(isIts))?.by };
  });
}
