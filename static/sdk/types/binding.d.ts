import { Emitter } from "./events.js";
import { Peers } from "./peers.js";
import { Place } from "./position.js";
export type Via = import("./position.js").Via;
export type Info = import("./values.js").Info;
export type Map = (at: number, isRight?: boolean) => number;
/** Emits `lost` when the text is gone, with `{reason: 'removed' | 'type', pointer}`, and `found` when it is back. */
export declare class Binding extends Emitter {
    #private;
    page: import("./page.js").Page;
    element: any;
    place: Place;
    field: import("./field.js").Control | import("./field.js").Editable;
    peers: Peers | null;
    /** Whether the document has no text here now. Then the element is read-only. */
    isLost: boolean;
    /** @param {import("./page.js").Page} page @param {string} pointer @param {any} element @param {{carets?: boolean, describe?: (names: string[]) => string}} [options] */
    constructor(page: import("./page.js").Page, pointer: string, element: any, { carets, describe }?: {
        carets?: boolean;
        describe?: (names: string[]) => string;
    });
    /** The pointer of the text now. It changes when elements of lists move. */
    get pointer(): string;
    /** Leaves the element with its text. */
    unbind(): void;
}
