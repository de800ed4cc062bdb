/** The pointer of a text. It follows the text when elements of lists move. */
export declare class Place {
    #private;
    path: string;
    /** @param {string} path in that value */
    constructor(path: string);
    /** The pointer of the text in another version of the value; null when its element is gone. @param {any} value */
    find(value: any): string | null;
    /** The text in another version of the value; empty when there is none. @param {any} value */
    textIn(value: any): string;
    /** @param {any} value the newest version */
    follow(value: any): void;
}
