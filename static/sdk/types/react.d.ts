export type Page = import("./page.js").Page;
export type LockState = import("./lock.js").State;
export type Lock = import("./lock.js").Lock;
/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("./lock.js").State} LockState */
/** @typedef {import("./lock.js").Lock} Lock */
declare const STATUS: readonly ["link", "saved", "mode", "behind", "pending", "attention", "canUndo", "canRedo", "user", "name", "role"];
/**
 * The hooks, for this copy of React. A component renders again only when its own part has changed.
 * @param {any} React
 */
export declare function hooks(React: any): {
    useDocument: (page: Page) => any;
    useField: (page: Page, pointer: string) => [any, (value: any) => import("./change.js").Change];
    usePresence: (page: Page) => [import("./presence.js").Peer[], (state: object | null) => void];
    useLock: (page: Page, pointer: string) => any;
    useStatus: (page: Page) => Pick<Page, typeof STATUS[number]>;
};
export {};
