import { Binding } from "./binding.js";
export declare class Text {
    #private;
    pointer: string;
    /** @param {import("./binding.js").Owner} page @param {string} pointer */
    constructor(page: import("./binding.js").Owner, pointer: string);
    /** The text as the user sees it. */
    get value(): string;
    /**
     * Shows the text in an input, a textarea or a contenteditable, and makes what the user types
     * there a change. The caret stays at its place while others type.
     * @param {HTMLElement} element
     * @param {{carets?: boolean, describe?: (names: string[]) => string}} [options] `carets: false` draws no carets of others
     */
    bind(element: HTMLElement, options?: {
        carets?: boolean;
        describe?: (names: string[]) => string;
    }): Binding;
}
