import { Steps } from "./steps.js";
import { Values } from "./values.js";
export type Op = import("../patch/patch.js").Op;
export type Entry = import("./entries.js").Entry;
export type Version = import("./values.js").Version;
export type Effect = import("./values.js").Effect;
export type Event = import("./values.js").Event;
export declare class Core extends Values {
    #private;
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
     * Handles an event by the method of its type.
     * @param {Event} event
     * @returns {Effect[]}
     */
    handle(event: Event): Effect[];
    /** The changes that have no answer yet. */
    get waiting(): import("./entries.js").Entry[];
    /** Starts with what an earlier page has stored. @param {{last?: Version, entries: Entry[]}} stored */
    load({ last, entries }: {
        last?: Version;
        entries: Entry[];
    }): void;
    /** @param {import("./values.js").Edit} edit @param {"edit" | "redo"} [kind] */
    edit(edit: import("./values.js").Edit, kind?: "edit" | "redo"): void;
    /** @param {any} ask */
    undo(ask: any): void;
    /** Removes entries that are of another user than the page is now. @param {{ids: string[]}} event */
    forget({ ids }: {
        ids: string[];
    }): void;
    /** The edits of a tick are stored together, by what follows each event. */
    tick(): void;
    /** @param {{ids: string[]}} event */
    stored({ ids }: {
        ids: string[];
    }): void;
    /** @param {any} message */
    opened(message: any): void;
    /** @param {any} message */
    change(message: any): void;
    /** @param {any} message */
    ack(message: any): void;
    /** @param {any} message */
    reject(message: any): void;
    /** @param {any} reject @param {number} tries */
    wait({ retry_after_ms }: any, tries: number): void;
    /** @param {{isHeld: boolean}} event */
    hold({ isHeld }: {
        isHeld: boolean;
    }): void;
    retry(): void;
    /** @param {{code?: number}} event */
    closed({ code }: {
        code?: number;
    }): void;
}
