import { Session } from "./session.js";
/** Connects a session with the events of the browser. @param {Session} session */
export declare function follow(session: Session): void;
