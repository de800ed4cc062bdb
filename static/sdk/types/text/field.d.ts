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
export declare class Control {
    element: HTMLInputElement | HTMLTextAreaElement;
    isLine: boolean;
    wasReadOnly: boolean;
    /** @param {HTMLInputElement | HTMLTextAreaElement} element */
    constructor(element: HTMLInputElement | HTMLTextAreaElement);
    read(): string;
    /** How the element shows a text. A browser removes line breaks from inputs, and CR from textareas. @param {string} text */
    display(text: string): string;
    /** Whether the element has no other content than this text. @param {string} _text */
    isPlain(_text: string): boolean;
    /** @param {Splice} splice @param {string} _text the text with it */
    write({ offset, delete: count, insert }: Splice, _text: string): void;
    /** @returns {Selection | null} */
    get selection(): Selection | null;
    /** @param {Selection} selection */
    select({ start, end, isBackward }: Selection): void;
    /** Makes the element read-only or not; without an argument, gives it its own state back. @param {boolean} [isBlocked] */
    block(isBlocked?: boolean): void;
}
/** The text lives in one text node. A `br` after it shows the last line when that is empty. */
export declare class Editable {
    element: HTMLElement;
    wasEditable: string;
    isLine: boolean;
    /** @param {HTMLElement} element */
    constructor(element: HTMLElement);
    read(): string;
    /** @param {string} text */
    display(text: string): string;
    /** @param {string} text */
    isPlain(text: string): boolean;
    /** @param {Splice} splice @param {string} text */
    write({ offset, delete: count, insert }: Splice, text: string): void;
    /** @returns {Selection | null} */
    get selection(): Selection | null;
    /** @param {Selection} selection */
    select({ start, end, isBackward }: Selection): void;
    /** @param {boolean} [isBlocked] */
    block(isBlocked?: boolean): void;
}
export type Selected = {
    anchorNode: Node | null;
    anchorOffset: number;
    focusNode: Node | null;
    focusOffset: number;
};
