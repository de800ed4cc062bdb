import { Attention } from "./attention.js";
import { Presence } from "../people/presence.js";
import { Text } from "../text/text.js";
export type Op = import("../patch/patch.js").Op;
export type Change = import("../reports/change.js").Change;
export type Session = import("../session/session.js").Session;
export type Asset = import("./assets.js").Asset;
export type Listed = import("./assets.js").Listed;
export type Assets = {
    upload: (file: Blob | BufferSource, onProgress?: import("./assets.js").OnProgress, options?: {
        name?: string;
        signal?: AbortSignal;
    }) => Promise<Asset>;
    list: (options?: {
        limit?: number;
        cursor?: string;
    }) => Promise<{
        assets: Listed[];
        next?: string;
    }>;
    delete: (id: string) => Promise<void>;
};
export type Info = import("../core/values.js").Info;
export declare class Page {
    #private;
    presence: Presence;
    history: {
        list: (options?: {
            limit?: number;
            cursor?: string;
            each?: 1;
            from?: number;
            to?: number;
        }) => Promise<{
            items: any[];
            cursor?: string;
        }>;
        at: (version: number) => Promise<any>;
        diff: (from: number, to: number) => Promise<import("../patch/patch.js").Op[]>;
        name: (version: number, name: string) => Promise<any>;
        restore: (version: number, pointer?: string) => Promise<{
            version: number;
        }>;
    };
    /** @type {Assets} the pictures of the tenant */
    assets: Assets;
    /** Resolves when the page has a value: from the server, or without a connection the stored one. */
    ready: Promise<this>;
    /**
     * For the modules of the SDK only.
     * @type {Session}
     */
    _session: Session;
    /**
     * For the modules of the SDK only.
     * @type {Attention}
     */
    _attention: Attention;
    /** @param {Session} session */
    constructor(session: Session);
    get user(): string;
    get name(): string;
    get role(): string;
    get tenant(): string;
    /** The name of this tab on the server. */
    get client(): string;
    get document(): string;
    /** The newest version from the server. */
    get version(): number;
    /** The value with the user's changes. Never change it: parts that are equal are shared. @returns {any} */
    get value(): any;
    /** Writes a value. A new text becomes a splice when it looks like typing. @param {string} pointer @param {any} value @returns {Change} */
    set(pointer: string, value: any): Change;
    /** Records what a function changes in a draft of the value. @param {(draft: any) => any} change @returns {Change} */
    change(change: (draft: any) => any): Change;
    /** Moves a value, for example an element of a list. @param {string} from @param {string} path @returns {Change} */
    move(from: string, path: string): Change;
    /** Applies a JSON Patch, as a whole or not at all. @param {Op[]} ops @returns {Change} */
    patch(ops: Op[]): Change;
    /** Calls `listener(value, info)` when the part at a pointer has changed. @param {string} pointer @param {(value: any, info: Info, ops?: Op[]) => void} listener @returns {() => void} */
    subscribe(pointer: string, listener: (value: any, info: Info, ops?: Op[]) => void): () => void;
    /** A text of the value, to bind to an element. @param {string} pointer @returns {Text} */
    text(pointer: string): Text;
    get canUndo(): boolean;
    get canRedo(): boolean;
    /** Takes the user's newest step back; with `change`, the id of a change, only this one, when it is unsent. @param {{scope?: string, version?: number, change?: string}} [what] @returns {Promise<{undone: any[], skipped: string[]}>} */
    undo(what?: {
        scope?: string;
        version?: number;
        change?: string;
    }): Promise<{
        undone: any[];
        skipped: string[];
    }>;
    /** Makes an undone step again. @param {{scope?: string, version?: number}} [what] @returns {Promise<{undone: any[], skipped: string[]}>} */
    redo(what?: {
        scope?: string;
        version?: number;
    }): Promise<{
        undone: any[];
        skipped: string[];
    }>;
    /** The changes that `work` makes are one undo step. @template T @param {() => T} work @returns {T} */
    group<T>(work: () => T): T;
    /** From now on until `resume`, all changes are one undo step. */
    pause(): void;
    resume(): void;
    /** The present locks of all clients. */
    get locks(): import("../people/lock.js").State[];
    /** Acquires a lock on a part. When another client holds it, the result says so: see `mine`. @param {string} pointer @param {{ttl?: number}} [options] */
    lock(pointer: string, options?: {
        ttl?: number;
    }): Promise<import("../people/lock.js").Lock>;
    /** Makes a version public; by default the newest. With `dryRun`, it only says what is wrong with the version: `version` and `refusals` are in place of `published`. @param {{version?: number, expectedPublished?: number | null, dryRun?: boolean}} [options] @returns {Promise<{published: number, version?: number, refusals?: any[], url: string, warnings: any[]}>} */
    publish(options?: {
        version?: number;
        expectedPublished?: number | null;
        dryRun?: boolean;
    }): Promise<{
        published: number;
        version?: number;
        refusals?: any[];
        url: string;
        warnings: any[];
    }>;
    /** Takes the public version down. */
    unpublish(): any;
    /** What is public now. @returns {Promise<{published: number | null, by?: any, at?: string}>} */
    get published(): Promise<{
        published: number | null;
        by?: any;
        at?: string;
    }>;
    /** 'connecting', 'online', 'reconnecting', 'offline', 'refused' or 'closed'. */
    get link(): string;
    /** 'saved' when the server has committed all changes; 'saving' or 'unsaved' before. */
    get saved(): "saved" | "saving" | "unsaved";
    get mode(): "edit" | "read-only";
    /** Whether changes of others come late, because this client receives too slowly. */
    get behind(): boolean;
    /** How many changes have no answer yet. */
    get pending(): number;
    /** Changes that were refused, failed, or overwrote another value. They stay until the user decides. */
    get attention(): import("./attention.js").Item[];
    /** Connects at once, for example when the user presses a button. */
    syncNow(): void;
    /** Calls `listener` at each event. @param {string} name @param {(detail: any) => void} listener @returns {() => void} */
    on(name: string, listener: (detail: any) => void): () => void;
    /** Closes the connection. Unsent changes stay in the outbox. @returns {Promise<void>} */
    close(): Promise<void>;
}
