export declare class Emitter {
    #private;
    /**
     * Calls `listener` at each event of this name. Returns a function that stops it.
     * @param {string} name
     * @param {(detail: any) => void} listener
     * @returns {() => void}
     */
    on(name: string, listener: (detail: any) => void): () => void;
    /** @param {string} name @param {any} [detail] */
    emit(name: string, detail?: any): void;
}
/**
 * Calls a function of the page. Its error is reported, and disturbs nothing else.
 * @param {(...values: any[]) => void} listener
 * @param {...any} values
 */
export declare function calling(listener: (...values: any[]) => void, ...values: any[]): void;
