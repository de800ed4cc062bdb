export type Peer = import("../people/presence.js").Peer;
export type Splice = import("../patch/splices.js").Splice;
export type Caret = {
    peer: Peer;
    state: any;
    at: number;
    other: number;
};
export declare class Carets {
    #private;
    /** @type {Caret[]} */
    list: Caret[];
    /** @param {import("./field.js").Control | import("./field.js").Editable} field @param {(names: string[]) => string} [describe] */
    constructor(field: import("./field.js").Control | import("./field.js").Editable, describe?: (names: string[]) => string);
    /** Moves the carets through a change. The caret of its author goes to its end. @param {Splice[]} splices @param {any} by */
    move(splices: Splice[], by: any): void;
    /**
     * Takes the carets from the presence. A caret whose state did not change stays where it is.
     * @param {Peer[]} peers
     * @param {string | null} path
     * @param {(at: number) => number} map from the newest text of the server to the shown text
     */
    update(peers: Peer[], path: string | null, map: (at: number) => number): void;
    /** @param {string} text the text that the element shows */
    draw(text: string): void;
    end(): void;
}
