import { Refusal, WeftError } from "./errors.js";
import { Page } from "./page.js";
import { PatchError } from "./patch.js";
export { Page, PatchError, Refusal, WeftError };
export type Options = {
    /**
     * of the server
     */
    url: string;
    /**
     * the name of the document
     */
    document: string;
    /**
     * returns a token; called again before it expires
     */
    token: () => string | Promise<string>;
    /**
     * the first value, when the document does not exist
     */
    create?: any;
    /**
     * the name of this tab
     */
    client?: string;
    /**
     * the most changes of others per second
     */
    maxFps?: number;
    /**
     * whether changes are stored in the browser; by default true
     */
    offline?: boolean;
};
export type Environment = import("./transport.js").Environment;
export type Documents = {
    list: (options?: {
        limit?: number;
        cursor?: string;
        include?: string;
    }) => Promise<{
        items: any[];
        cursor?: string;
    }>;
    create: (name: string, value: any) => Promise<any>;
    delete: (name: string) => Promise<void>;
    share: (name: string, options: {
        role: "viewer" | "commenter";
        ttl?: number;
    }) => Promise<{
        url: string;
        token: string;
        id: string;
    }>;
    unshare: (name: string, id: string) => Promise<void>;
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
