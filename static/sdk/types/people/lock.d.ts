import { Emitter } from "../reports/events.js";
export type Holder = {
    user: string;
    name: string;
    client: string;
};
export type State = {
    id: string;
    scope: string;
    holder: Holder | null;
    fence: number;
    expires_at: string;
    claimed_by?: Holder;
    yields_at?: string;
    reason?: string;
};
/**
 * A lock. `mine` tells whether this client holds it. Events: `asked` (another client wants it),
 * `kept` (the holder said no to this client), `held` (this client holds it now), `lost` (this client
 * no longer holds it), `free` (no client holds it).
 */
export declare class Lock extends Emitter {
    #private;
    /** @type {State} */
    state: State;
    /** @param {Locks} locks @param {State} state */
    constructor(locks: Locks, state: State);
    get scope(): string;
    get holder(): Holder | null;
    get mine(): boolean;
    /** The client that asked for this lock. */
    get askedBy(): Holder | null;
    /** Asks the holder for the lock. Await the event `held`; `yieldsAt` is the latest time. @returns {Promise<this>} */
    takeOver(): Promise<this>;
    /** Says no to the client that asked. @returns {Promise<void>} */
    keep(): Promise<void>;
    /** Gives the lock back, or no longer asks for it. @returns {Promise<void>} */
    release(): Promise<void>;
}
export declare class Locks {
    #private;
    /** @type {State[]} the present locks of all clients; a new list when it changes */
    all: State[];
    /** @param {import("../session/session.js").Session} session */
    constructor(session: import("../session/session.js").Session);
    /** @param {Holder | null} [holder] */
    isMine(holder?: Holder | null): boolean;
    /** The fence of this client's lock that covers the operations. @param {import("../patch/patch.js").Op[]} ops */
    fenceOf(ops: import("../patch/patch.js").Op[]): number | undefined;
    /** @param {string} pointer @param {{ttl?: number}} [options] @returns {Promise<Lock>} */
    acquire(pointer: string, { ttl }?: {
        ttl?: number;
    }): Promise<Lock>;
    /** @param {Lock} lock @param {string} action */
    ask(lock: Lock, action: string): Promise<void>;
}
