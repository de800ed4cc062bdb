import { Session } from "./session.js";
export type Environment = import("./transport.js").Environment;
/** @param {Partial<Environment>} [given] @returns {Environment} */
export declare function browser(given?: Partial<Environment>): Environment;
/**
 * The name of this tab. It stays over a reload.
 * @param {string | undefined} given
 * @param {Environment} env
 */
export declare function tabName(given: string | undefined, env: Environment): {
    name: any;
    isNew: boolean;
};
/** Connects a session with the events of the browser. @param {Session} session */
export declare function follow(session: Session): void;
