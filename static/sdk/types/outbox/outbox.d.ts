export type Entry = import("../core/entries.js").Entry;
export type Version = import("../core/values.js").Version;
export type Environment = import("../link/transport.js").Environment;
export type Who = {
    user: string;
    name: string;
    role: string;
    tenant: string;
    limits?: object;
};
export declare class Outbox {
    #private;
    scope: string;
    env: import("../link/transport.js").Environment;
    failed: (error: unknown) => void;
    /** @type {any} */
    rows: any;
    user: string;
    box: string;
    /**
     * @param {string} scope names the server and the document
     * @param {Environment} env
     * @param {(error: unknown) => void} failed a write has failed
     */
    constructor(scope: string, env: Environment, failed: (error: unknown) => void);
    /**
     * Returns what is stored. First it opens the storage, and takes a box: of this tab, of a dead tab, or
     * a new one. An outbox that `adopt` returned has one already.
     * @param {string} [client] the name of the tab; without one, the box of a dead tab comes first
     * @returns {Promise<{last?: Version & Who, entries: Entry[]}>}
     */
    start(client?: string): Promise<{
        last?: Version & Who;
        entries: Entry[];
    }>;
    /**
     * Takes the box of a dead tab of this user, if there is one. The result is an outbox of its own.
     * @returns {Promise<Outbox | null>}
     */
    adopt(): Promise<Outbox | null>;
    /** Stores the user whose token the server accepted. The next page starts with this user. @param {string} user */
    identify(user: string): void;
    /**
     * The server named another user than the last one. The last user's changes stay in their box,
     * which any tab of that user may take now. The changes that this page has made before the first
     * connection are of the new user, and are stored again in another box.
     * @param {Entry[]} made
     */
    leave(made: Entry[]): void;
    /**
     * Stores entries, forgets others, and stores what needs a decision: all of it or nothing.
     * @param {{put?: Entry[], remove?: Entry[], items?: {id: string}[]}} writes
     */
    write({ put, remove, items }: {
        put?: Entry[];
        remove?: Entry[];
        items?: {
            id: string;
        }[];
    }): Promise<any>;
    /** Stores the value at which the page starts without a connection. @param {Version & Who} value */
    saveValue(value: Version & Who): void;
    /** Stores the newest value now. */
    flush(): void;
    /** Stores the value that the entries of this box were made on. @param {Version} value */
    saveFrame(value: Version): void;
    /** Forgets a change on which the user has decided. @param {string} id */
    forget(id: string): void;
    /** @returns {Promise<any[]>} */
    attention(): Promise<any[]>;
    /** Gives the box back. When no change waits in it, nothing of it remains. @param {boolean} isEmpty */
    close(isEmpty: boolean): Promise<void>;
}
