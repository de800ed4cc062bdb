import { Refusal, WeftError } from "./reports/errors.js";
import { Page } from "./page/page.js";
import { PatchError } from "./patch/patch.js";
export { Page, PatchError, Refusal, WeftError };
export type Options = import("./session/session.js").Options;
export type Environment = import("./link/transport.js").Environment;
export type Documents = {
    list: (options?: {
        limit?: number;
        cursor?: string;
        include?: string;
        stored?: boolean;
    }) => Promise<{
        items: any[];
        cursor?: string;
    }>;
    get: (name: string, options?: {
        stored?: boolean;
    }) => Promise<any>;
    create: (name: string, value: any, schema?: any) => Promise<any>;
    delete: (name: string) => Promise<void>;
    share: (name: string, options?: {
        role: "viewer" | "commenter";
        ttl?: number;
    }) => Promise<{
        url: string;
        token: string;
        id: string;
    }>;
    shares: (name: string) => Promise<{
        id: string;
        role: string;
        by: string;
        created_at: string;
        expires_at: string;
    }[]>;
    unshare: (name: string, id: string) => Promise<void>;
    activity: (options?: {
        limit?: number;
        cursor?: string;
    }) => Promise<{
        items: any[];
        cursor?: string;
    }>;
};
/**
 * Opens a document. It connects in the background, and again after each loss of the connection.
 * @param {Options} options
 * @param {Partial<Environment>} [environment] for tests: what to use in place of the browser's
 * @returns {Page}
 */
export declare function connect(options: Options, environment?: Partial<Environment>): Page;
/**
 * The documents that a token may see.
 * @param {{url: string, token: () => string | Promise<string>}} options
 * @param {Partial<Environment>} [environment]
 * @returns {Documents}
 */
export declare function documents(options: {
    url: string;
    token: () => string | Promise<string>;
}, environment?: Partial<Environment>): Documents;
