export type Ask = import("./history.js").Ask;
export type Request = import("./documents.js").Request;
/** @typedef {import("./history.js").Ask} Ask */
/** @typedef {import("./documents.js").Request} Request */
/** @param {Ask} ask @param {{version?: number, expectedPublished?: number | null}} options */
export declare function publish(ask: Ask, { version, expectedPublished }: {
    version?: number;
    expectedPublished?: number | null;
}): Promise<any>;
/** @param {Ask} ask */
export declare function unpublish(ask: Ask): Promise<any>;
/** @param {Ask} ask */
export declare function published(ask: Ask): Promise<any>;
/** @param {Request} request @param {Blob} file @param {(done: number) => void} [onProgress] */
export declare function upload(request: Request, file: Blob, onProgress?: (done: number) => void): Promise<any>;
