export type Page = import("./page/page.js").Page;
export type LockState = import("./people/lock.js").State;
export type Lock = import("./people/lock.js").Lock;
export type Holder = import("./people/lock.js").Holder;
export type LockView = {
    holder: Holder | null;
    mine: boolean;
    askedBy: Holder | null;
    acquire: () => Promise<Lock>;
    takeOver: () => Promise<Lock>;
    keep: () => Promise<void>;
    release: () => Promise<void>;
};
/** @typedef {import("./page/page.js").Page} Page */
/** @typedef {import("./people/lock.js").State} LockState */
/** @typedef {import("./people/lock.js").Lock} Lock */
/** @typedef {import("./people/lock.js").Holder} Holder */
/**
 * The lock on a part: who holds it, who asked for it, and what this component can do with it.
 * @typedef {{holder: Holder | null, mine: boolean, askedBy: Holder | null, acquire: () => Promise<Lock>,
 *   takeOver: () => Promise<Lock>, keep: () => Promise<void>, release: () => Promise<void>}} LockView
 */
declare const STATUS: readonly ["link", "saved", "mode", "behind", "pending", "attention", "canUndo", "canRedo", "user", "name", "role"];
/**
 * The hooks, for this copy of React. A component renders again only when its own part has changed.
 * @param {any} React
 */
export declare function hooks(React: any): {
    useDocument: (page: Page) => any;
    useField: (page: Page, pointer: string) => [any, (value: any) => import("./reports/change.js").Change];
    usePresence: (page: Page) => [import("./people/presence.js").Peer[], (state: object | null) => void];
    useLock: (page: Page, pointer: string) => LockView;
    useStatus: (page: Page) => Pick<Page, typeof STATUS[number]>;
};
export {};
