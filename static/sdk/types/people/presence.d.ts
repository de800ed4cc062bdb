import { Emitter } from "../reports/events.js";
export type Peer = {
    session: string;
    client_id: number;
    user: string;
    name: string;
    client: string;
    role: string;
    state: any;
};
export declare class Presence extends Emitter {
    #private;
    /** @type {Peer[]} the other clients; a new list when it changes */
    others: Peer[];
    /** @type {any} what this client shows; undefined when the page has not set it */
    state: any;
    /** @type {(() => object | null) | null} gives the caret in a bound element; called when a state is sent */
    cursor: (() => object | null) | null;
    /** @param {import("../session/session.js").Session} session */
    constructor(session: import("../session/session.js").Session);
    /** Shows this state to the others, for example `{cursor: {path, offset}}`. With null, they do not see this client. @param {object | null} state */
    set(state: object | null): void;
    /** Sends the state again, with the newest `cursor`. */
    refresh(): void;
}
