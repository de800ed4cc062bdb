export type Op = import("../patch/patch.js").Op;
export type Entry = import("./entries.js").Entry;
export type Carried = import("../patch/carry.js").Carried;
export type Reason = import("./endings.js").Reason;
export type Version = {
    epoch: number | null;
    version: number;
    value: any;
};
export type Effect = {
    do: string;
    [key: string]: any;
};
export type Other = {
    version: number;
    by: any;
    paths: string[];
};
export type Info = {
    mine: boolean;
    kind: string;
    by?: any;
    others?: Other[];
};
export type Edit = {
    id: string;
    ops: Op[];
    now: number;
    step?: string;
    fence?: number;
};
export type Event = {
    type: "load";
    last?: Version;
    entries: Entry[];
} | ({
    type: "edit";
} & Edit) | {
    type: "undo";
    id: string;
    redo: boolean;
    scope?: string;
    version?: number;
    change?: string;
    now: number;
} | {
    type: "stored";
    ids: string[];
} | {
    type: "opened" | "change" | "ack" | "reject";
    [field: string]: any;
} | {
    type: "closed";
    code?: number;
} | {
    type: "hold";
    isHeld: boolean;
} | {
    type: "forget";
    ids: string[];
} | {
    type: "tick" | "retry";
};
/**
 * Invariant: `value` is the frame's value with the entries of `own`, and then of `queue`. All
 * entries of `own` and `queue` have the frame's version as base. When `isExact` is false, the
 * frame's value is another version. Then entries that the user adds have no base.
 */
export declare class Values {
    /** The newest value from the server. */
    confirmed: Version;
    /** The value that the entries were made on. */
    frame: Version;
    isExact: boolean;
    /** @type {Entry[]} answered entries that are not in the frame, oldest first */
    own: Entry[];
    /** @type {Entry[]} the other entries, oldest first */
    queue: Entry[];
    /** @type {any} the value that the user sees; undefined before the first value */
    value: any;
    /** @type {Other[]} changes of other authors that are not in the frame */
    others: Other[];
    /** @type {Op[]} the known operations from the frame to `confirmed` */
    since: Op[];
    /** @type {Effect[]} */
    effects: Effect[];
    /** @type {Map<Entry, boolean>} entries to store, or else to remove, after this event */
    writes: Map<Entry, boolean>;
    /** @param {Effect} effect */
    emit(effect: Effect): void;
    /**
     * Applies a new version to `confirmed`. When it does not fit, asks for the whole value.
     * @param {{version: number, from?: number}} message
     * @param {Op[]} ops
     * @returns {boolean}
     */
    learn({ version, from }: {
        version: number;
        from?: number;
    }, ops: Op[]): boolean;
    /** The value with the entries of `own`, but without those of `queue`. */
    get mine(): any;
    /** @param {any} value @param {Info} info @param {Op[]} [ops] how the old value became this one, if it is known */
    show(value: any, info: Info, ops?: Op[]): void;
    /** A value with an entry. On an uncertain frame, an entry that does not fit is left out. @param {any} value @param {Entry} entry */
    add(value: any, { ops }: Entry): any;
    /** A value with entries. @param {any} value @param {Entry[]} entries @returns {any} */
    addAll(value: any, entries: Entry[]): any;
    /** Computes the shown value again. @param {Info} info @param {Op[]} [ops] */
    showAll(info: Info, ops?: Op[]): void;
    /** The shown value before an entry of the queue. @param {Entry} entry */
    before(entry: Entry): any;
    /**
     * Moves the frame to the newest version when the entries can certainly be carried there.
     * Otherwise they keep their base, and the server rebases them.
     * @param {Info} info
     */
    catchUp(info: Info): void;
    /**
     * Makes the newest version the frame of these entries.
     * @param {Map<Entry, Carried>} carried
     * @param {Info} info
     */
    moveTo(carried: Map<Entry, Carried>, info: Info): void;
    /**
     * Carries entries from one value to another; null when one of them cannot be carried. With
     * `isForced`, such an entry is refused instead.
     * @param {Entry[]} entries
     * @param {any} from
     * @param {any} to
     * @param {{isForced: boolean, overwrite?: boolean}} options
     */
    carryAll(entries: Entry[], from: any, to: any, { isForced, overwrite }: {
        isForced: boolean;
        overwrite?: boolean;
    }): Map<import("./entries.js").Entry, import("../patch/carry.js").Carried> | null;
    /**
     * Ends an entry that was not accepted or was taken back, and the later entries that build on it.
     * @param {Entry} entry
     * @param {Reason | undefined} reason
     * @param {string} state
     */
    refuse(entry: Entry, reason: Reason | undefined, state: string): void;
    /**
     * Ends an entry that was not accepted, or was taken back. `value` is the value with it.
     * @param {Entry} entry
     * @param {Reason | undefined} reason
     * @param {string} state
     * @param {any} value
     */
    end(entry: Entry, reason: Reason | undefined, state: string, value: any): void;
    /** Stores the newest state of entries, together with all that this event changes. @param {Entry[]} entries */
    keep(entries: Entry[]): void;
    /** @param {Entry[]} entries */
    dropEntries(entries: Entry[]): void;
}
