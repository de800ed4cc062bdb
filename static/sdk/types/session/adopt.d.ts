export type Session = import("./session.js").Session;
/** @typedef {import("./session.js").Session} Session */
/**
 * Sends the changes of a dead tab over a second connection, under the name of that tab.
 * @param {Session} session of the living tab
 * @param {Session} other with the outbox of the dead tab
 * @returns {Promise<void>}
 */
export declare function send(session: Session, other: Session): Promise<void>;
