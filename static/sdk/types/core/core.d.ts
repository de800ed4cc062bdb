import { Steps } from "./steps.js";
import { Values } from "./values.js";
export type Op = import("../patch/patch.js").Op;
export type Entry = import("./entries.js").Entry;
export type Version = import("./values.js").Version;
export type Effect = import("./values.js").Effect;
export type Event = import("./values.js").Event;
export declare class Core extends Values {
    #private;
    /** @type {Entry[]} */
    own: Entry[];
    /** @type {Entry[]} */
    queue: Entry[];
    steps: Steps;
    /** The id of the sent request that has no answer; empty when there is none. */
    inFlight: string;
    isOnline: boolean;
    /** @type {string | undefined} the undo step of the newest sent entry */
    sentStep: string | undefined;
    /** The limits of the newest `opened`. */
    limits: {};
    /** Whether the server asked to send no patches. */
    isHeld: boolean;
    /** Whether the time of the next retry has not come yet. */
    isWaiting: boolean;
    /**
     * @param {Event} event
     * @returns {Effect[]}
     */
    handle(event: Event): Effect[];
    /** The changes that have no answer yet. */
    get waiting(): import("./entries.js").Entry[];
    /** @param {import("./values.js").Edit} edit @param {"edit" | "redo"} kind */
    edit(edit: import("./values.js").Edit, kind: "edit" | "redo"): void;
    /** @param {any} reject @param {number} tries */
    wait({ retry_after_ms }: any, tries: number): void;
}
