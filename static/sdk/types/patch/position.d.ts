/** The pointer of a text. It follows the text when elements of lists move. */
export declare class Place {
    #private;
    tokens: string[];
    /** @param {string} pointer */
    constructor(pointer: string);
    /** The pointer of the text in another version of the value; null when its element is gone. @param {any} value */
    find(value: any): string | null;
    /** @param {any} value the newest version */
    follow(value: any): void;
}
