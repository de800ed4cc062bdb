export type Request = typeof import("../link/http.js").request;
export type Caller = import("../link/http.js").Caller;
/** With `stored`, those that this browser has. @param {Request} request @param {Caller} caller @param {Record<string, any>} options */
export declare function list(request: Request, caller: Caller, { stored, ...options }?: Record<string, any>): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {Record<string, any>} options */
export declare function activity(request: Request, caller: Caller, options?: Record<string, any>): Promise<any>;
/** The value; with `stored`, the newest one that this browser has, or nothing. @param {Request} request @param {Caller} caller @param {string} name @param {{stored?: boolean}} options */
export declare function get(request: Request, caller: Caller, name: string, { stored }?: {
    stored?: boolean;
}): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name @param {any} value @param {any} [schema] */
export declare function create(request: Request, caller: Caller, name: string, value: any, schema?: any): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name */
declare function remove(request: Request, caller: Caller, name: string): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name @param {any} options */
export declare function share(request: Request, caller: Caller, name: string, options?: any): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name */
export declare function shares(request: Request, caller: Caller, name: string): Promise<any>;
/** @param {Request} request @param {Caller} caller @param {string} name @param {string} id */
export declare function unshare(request: Request, caller: Caller, name: string, id: string): Promise<any>;
export { remove as delete };
