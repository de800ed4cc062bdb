export type Request = typeof import("../link/http.js").request;
export type Caller = import("../link/http.js").Caller;
export type Asset = {
    id: string;
    url: string;
    type: string;
    bytes: number;
    width: number;
    height: number;
};
export type Use = {
    doc: string;
    in: "head" | "published" | "version";
    version: number;
    name?: string;
};
export type Listed = Asset & {
    name: string;
    by: any;
    at: string;
    uses: Use[];
};
export type Progress = {
    sent: number;
    total: number;
};
export type OnProgress = (progress: Progress) => void;
/**
 * Uploads a picture.
 * @param {Request} request
 * @param {Caller} caller
 * @param {Blob | BufferSource} file
 * @param {OnProgress} [onProgress] is called while the file is sent
 * @param {{name?: string, signal?: AbortSignal}} [options] the name of the file, and what aborts the upload
 * @returns {Promise<Asset>}
 */
export declare function upload(request: Request, caller: Caller, file: Blob | BufferSource, onProgress?: OnProgress, { name, signal }?: {
    name?: string;
    signal?: AbortSignal;
}): Promise<Asset>;
/** A page of the tenant's pictures. `next` of the answer leads to the next page. @param {Request} request @param {Caller} caller @param {{limit?: number, cursor?: string}} [options] @returns {Promise<{assets: Listed[], next?: string}>} */
export declare function list(request: Request, caller: Caller, options?: {
    limit?: number;
    cursor?: string;
}): Promise<{
    assets: Listed[];
    next?: string;
}>;
/** Deletes a picture that no document uses. Otherwise the refusal has its `uses`. @param {Request} request @param {Caller} caller @param {string} id @returns {Promise<void>} */
declare function remove(request: Request, caller: Caller, id: string): Promise<void>;
export { remove as delete };
