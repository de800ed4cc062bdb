/**
 * A sentence for the person at the page. The `message` of an error is for developers.
 * @param {{code?: string, name?: string}} error of the SDK
 * @returns {string}
 */
export declare function advice({ code, name }: {
    code?: string;
    name?: string;
}): string;
