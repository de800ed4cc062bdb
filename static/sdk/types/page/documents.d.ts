export type Request = (method: string, path: string, options?: {
    body?: any;
    headers?: Record<string, string>;
}) => Promise<any>;
/** @param {Request} request @param {Record<string, any>} options */
export declare function list(request: Request, options?: Record<string, any>): Promise<any>;
/** @param {Request} request @param {string} name @param {any} value */
export declare function create(request: Request, name: string, value: any): Promise<any>;
/** @param {Request} request @param {string} name */
export declare function remove(request: Request, name: string): Promise<any>;
/** @param {Request} request @param {string} name @param {any} options */
export declare function share(request: Request, name: string, options?: any): Promise<any>;
/** @param {Request} request @param {string} name @param {string} id */
export declare function unshare(request: Request, name: string, id: string): Promise<any>;
