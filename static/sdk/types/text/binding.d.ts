import { Emitter } from "../reports/events.js";
export type Info = import("../core/values.js").Info;
export type Op = import("../patch/patch.js").Op;
export type Splice = import("../patch/splices.js").Splice;
export type Presence = import("../people/presence.js").Presence;
export type Change = import("../reports/change.js").Change;
export type Session = import("../session/session.js").Session;
export type Owner = {
    value: any;
    mode: string;
    presence: Presence;
    _session: Session;
    _attention: {
        keep: (what: {
            path: string;
            yours: string;
            theirs: any;
            message: string;
        }) => void;
    };
    patch: (ops: Op[]) => Change;
    set: (pointer: string, value: any) => Change;
    subscribe: (pointer: string, listener: (value: any, info: Info, ops?: Op[]) => void) => () => void;
    on: (name: string, listener: (detail: any) => void) => () => void;
    undo: () => Promise<any>;
    redo: () => Promise<any>;
};
/** Emits `lost` with `{reason: 'missing' | 'removed' | 'type', pointer}`, `found`, and `moved` with the new pointer. */
export declare class Binding extends Emitter {
    #private;
    field: import("./field.js").Control | import("./field.js").Editable;
    /** Whether the document has no text here now. Then the element is read-only. */
    isLost: boolean;
    /** @param {Owner} page @param {string} pointer @param {any} element @param {{carets?: boolean, describe?: (names: string[]) => string}} [options] */
    constructor(page: Owner, pointer: string, element: any, { carets, describe }?: {
        carets?: boolean;
        describe?: (names: string[]) => string;
    });
    /** The pointer of the text now. It changes when elements of lists move. */
    get pointer(): string;
    /** Leaves the element with its text. */
    unbind(): void;
}
