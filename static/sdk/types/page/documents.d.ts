export type Request = typeof import("../link/http.js").request;
export type Caller = import("../link/http.js").Caller;
/** @param {Request} request @param {Caller} caller @param {Record<string, any>} options */
export declare function list(request: Request, caller: Caller, options?: Record<string, any>): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {Record<string, any>} options */
export declare function activity(request: Request, caller: Caller, options?: Record<string, any>): Promise<any>;
/** The value. @param {Request} request @param {Caller} caller @param {string} name */
export declare function get(request: Request, caller: Caller, name: string): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name @param {any} value */
export declare function create(request: Request, caller: Caller, name: string, value: any): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name */
declare function remove(request: Request, caller: Caller, name: string): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name @param {any} schema */
export declare function setSchema(request: Request, caller: Caller, name: string, schema: any): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name @param {any} options */
export declare function share(request: Request, caller: Caller, name: string, options?: any): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name */
export declare function shares(request: Request, caller: Caller, name: string): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name @param {string} id */
export declare function unshare(request: Request, caller: Caller, name: string, id: string): Promise<any>;
/**
 * What this browser has of the documents, without a connection: for the last user of each document.
 * @param {Request} _ @param {Caller} caller @param {string} [name] @returns {Promise<any>} the names; with a name, the value or undefined
 */
export declare function stored(_: Request, { options: { url }, env: { indexedDB } }: Caller, name?: string): Promise<any>;
export { remove as delete };
