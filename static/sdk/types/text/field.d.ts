export type Splice = import("../patch/splices.js").Splice;
export type Selection = {
    start: number;
    end: number;
    isBackward: boolean;
};
/** @typedef {import("../patch/splices.js").Splice} Splice */
/** @typedef {{start: number, end: number, isBackward: boolean}} Selection */
/** @param {any} element @returns {Control | Editable} */
export declare function fieldOf(element: any): Control | Editable;
/** What both kinds have in common. */
declare class Field {
    element: any;
    isLine: boolean;
    /** @param {any} element */
    constructor(element: any);
    /** How the element shows a text. A browser removes line breaks from inputs, and CR from textareas. @param {string} text */
    display(text: string): string;
    /** @returns {Selection | null} */
    get selection(): Selection | null;
    get isFocused(): any;
    /** Changes the element, and leaves it scrolled as it is. @param {() => void} change */
    still(change: () => void): void;
}
export declare class Control extends Field {
    wasReadOnly: boolean;
    /** @param {HTMLInputElement | HTMLTextAreaElement} element */
    constructor(element: HTMLInputElement | HTMLTextAreaElement);
    read(): any;
    /** @param {Splice} splice @param {string} text the text with it */
    write({ offset, delete: count, insert }: Splice, text: string): void;
    /** @returns {Selection | null} */
    get selection(): Selection | null;
    /** @param {Selection} selection */
    select({ start, end, isBackward }: Selection): void;
    /** @param {boolean} isBlocked */
    block(isBlocked: boolean): void;
    /** The text that the binding inserts for an input, instead of the browser. @param {InputEvent} _event @returns {string | undefined} */
    replacement(_event: InputEvent): string | undefined;
    /** Whether the element has no other content than this text. @param {string} _text */
    isPlain(_text: string): boolean;
    reveal(): void;
}
/** The text lives in one text node. A `br` after it shows the last line when that is empty. */
export declare class Editable extends Field {
    #private;
    wasEditable: string;
    /** @param {HTMLElement} element */
    constructor(element: HTMLElement);
    read(): string;
    /** @param {string} text */
    isPlain(text: string): boolean;
    /** @param {Splice} splice @param {string} text */
    write({ offset, delete: count, insert }: Splice, text: string): void;
    /** @returns {Selection | null} */
    get selection(): Selection | null;
    /** @param {Selection} selection */
    select({ start, end, isBackward }: Selection): void;
    /** @param {boolean} isBlocked */
    block(isBlocked: boolean): void;
    /** @param {InputEvent} event @returns {string | undefined} */
    replacement({ inputType, data, dataTransfer }: InputEvent): string | undefined;
    /** Scrolls the caret into view, as the browser does after its own inputs. */
    reveal(): void;
}
export {};
