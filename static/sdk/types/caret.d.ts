export type Peer = import("./presence.js").Peer;
export type Caret = {
    peer: Peer;
    state: any;
    at: number;
    other: number;
};
/** @typedef {import("./presence.js").Peer} Peer */
/** @typedef {{peer: Peer, state: any, at: number, other: number}} Caret `at` is the caret, `other` the other end of the selection */
/**
 * The carets of peers in one text. A caret whose state did not change stays where changes moved it.
 * @param {Peer[]} peers
 * @param {string | null} path
 * @param {(at: number) => number} map from the newest text of the server to the shown text
 * @param {Caret[]} known
 * @returns {Caret[]}
 */
export declare function caretsOf(peers: Peer[], path: string | null, map: (at: number) => number, known: Caret[]): Caret[];
export declare class Carets {
    #private;
    field: import("./field.js").Control | import("./field.js").Editable;
    element: HTMLElement | HTMLInputElement | HTMLTextAreaElement;
    describe: (names: string[]) => string;
    /** @type {Caret[]} */
    list: Caret[];
    /** @param {import("./field.js").Control | import("./field.js").Editable} field @param {(names: string[]) => string} [describe] */
    constructor(field: import("./field.js").Control | import("./field.js").Editable, describe?: (names: string[]) => string);
    /** Moves all carets through a change. @param {(at: number) => number} map @param {{by?: any}} info @param {string} old @param {string} now */
    move(map: (at: number) => number, { by }: {
        by?: any;
    }, old: string, now: string): void;
    /** @param {Caret[]} list @param {string} text the text that the element shows */
    draw(list: Caret[], text: string): void;
    remove(): void;
}
