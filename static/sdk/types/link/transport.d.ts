import { WeftError } from "../reports/errors.js";
export type Environment = {
    WebSocket: any;
    fetch: typeof fetch;
    setTimeout: (action: () => void, ms: number) => any;
    clearTimeout: (timer: any) => void;
    /**
     * in milliseconds
     */
    now: () => number;
    /**
     * from 0 to 1
     */
    random: () => number;
    indexedDB?: any;
    /**
     * the Web Locks of the browser
     */
    locks?: any;
    sessionStorage?: any;
    /**
     * the storage manager of the browser
     */
    storage?: any;
    window?: any;
};
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
export type Connection = {
    /**
     * `url` has no slash at its end
     */
    options: {
        url: string;
        document: string;
        token: () => string | Promise<string>;
    };
    /**
     * the fields of `open`
     */
    opening: () => object;
    received: (message: any) => void;
    closed: (code: number) => void;
    /**
     * the link has changed
     */
    changed: (link: string, error?: WeftError) => void;
    /**
     * tells an \`error\` that leaves the link as it is
     */
    emit: (name: string, detail: any) => void;
};
/** The delay before attempt number `tries`, from 0. @param {number} tries @param {() => number} random */
export declare function delay(tries: number, random: () => number): number;
export declare class Transport {
    #private;
    link: string;
    /** @param {Connection} connection @param {Environment} env */
    constructor(connection: Connection, env: Environment);
    /** Sends a message. @param {object} message */
    send(message: object): void;
    /** Connects now, unless there is a connection. */
    start(): Promise<void>;
    /** Checks the connection, or connects at once. */
    wake(): void;
    /** Ends the connection. It connects again when `start` is called. */
    stop(): void;
    /** Connects again, for example because a message did not fit. */
    restart(): void;
}
/** The token that a function of the page returns. @param {() => any} token @returns {Promise<string>} */
export declare function textOf(token: () => any): Promise<string>;
