/**
 * A sentence for the person at the page. The `message` of an error is for developers.
 * @param {{code?: string, name?: string, message?: string, reason?: string, by?: {name?: string} | null}} error of the SDK, or an item of `page.attention`
 * @returns {string}
 */
export declare function advice({ code, name, message, reason, by }: {
    code?: string;
    name?: string;
    message?: string;
    reason?: string;
    by?: {
        name?: string;
    } | null;
}): string;
