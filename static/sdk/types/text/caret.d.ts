export type Peer = import("../people/presence.js").Peer;
export type Caret = {
    peer: Peer;
    state: any;
    at: number;
    other: number;
};
export declare class Carets {
    #private;
    field: import("./field.js").Control | import("./field.js").Editable;
    element: HTMLElement | HTMLInputElement | HTMLTextAreaElement;
    describe: (names: string[]) => string;
    /** @param {import("./field.js").Control | import("./field.js").Editable} field @param {(names: string[]) => string} [describe] */
    constructor(field: import("./field.js").Control | import("./field.js").Editable, describe?: (names: string[]) => string);
    /** @param {Caret[]} list @param {string} text the text that the element shows */
    draw(list: Caret[], text: string): void;
}
