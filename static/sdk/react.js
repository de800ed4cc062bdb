// Hooks for React. `hooks(React)` returns them, so this module imports nothing.

/** @typedef {import("./page/page.js").Page} Page */
/** @typedef {import("./people/lock.js").State} LockState */
/** @typedef {import("./people/lock.js").Lock} Lock */
/** @typedef {import("./people/lock.js").Holder} Holder */
/**
 * The lock on a part: who holds it, who asked for it, and what this component can do with it.
 * @typedef {{holder: Holder | null, mine: boolean, askedBy: Holder | null, acquire: () => Promise<Lock>,
 *   takeOver: () => Promise<Lock>, keep: () => Promise<void>, release: () => Promise<void>}} LockView
 */

const STATUS = /** @type {const} */ ([
  ...["link", "saved", "mode", "behind", "pending", "attention"],
  ...["canUndo", "canRedo", "user", "name", "role"],
]);

/**
 * The hooks, for this copy of React. A component renders again only when its own part has changed.
 * @param {any} React
 */
export function hooks(React) {
  const { useCallback, useEffect, useMemo, useSyncExternalStore } = React;

  /** @param {(changed: () => void) => () => void} subscribe @param {() => any} read @param {any[]} of */
  const useStore = (subscribe, read, of) => useSyncExternalStore(useCallback(subscribe, of), read, read);

  /**
   * The whole value; undefined before the page has one.
   * @param {Page} page
   */
  function useDocument(page) {
    return useStore((changed) => page.subscribe("", changed), () => page.value, [page]);
  }

  /**
   * A part of the value, and a function that writes it, like `useState`.
   * @param {Page} page
   * @param {string} pointer
   * @returns {[any, (value: any) => import("./reports/change.js").Change]}
   */
  function useField(page, pointer) {
    const read = () => at(page.value, pointer);
    const value = useStore((changed) => page.subscribe(pointer, changed), read, [page, pointer]);
    const set = useCallback((/** @type {any} */ next) => page.set(pointer, typeof next === "function" ? next(read()) : next), [page, pointer]);
    return [value, set];
  }

  /**
   * The other clients, and a function that shows a state of this client to them.
   * @param {Page} page
   * @returns {[import("./people/presence.js").Peer[], (state: object | null) => void]}
   */
  function usePresence(page) {
    const others = useStore((changed) => page.presence.on("change", changed), () => page.presence.others, [page]);
    const set = useCallback((/** @type {object | null} */ state) => page.presence.set(state), [page]);
    return [others, set];
  }

  /**
   * The lock on a part. It is released when the component is removed.
   * @param {Page} page
   * @param {string} pointer
   * @returns {LockView}
   */
  function useLock(page, pointer) {
    const state = useStore((changed) => page.on("status", changed), () => lockOn(page.locks, pointer), [page, pointer]);
    const use = useMemo(() => new LockUse(page, pointer), [page, pointer]);
    useEffect(() => use.begin(), [use]);
    return useMemo(() => {
      const holder = state?.holder ?? null;
      const mine = holder !== null && holder.user === page.user && holder.client === page.client;
      return { holder, mine, askedBy: state?.claimed_by ?? null, ...use.actions };
    }, [state, use]);
  }

  /**
   * The connection, and whether all changes are saved.
   * @param {Page} page
   * @returns {Pick<Page, typeof STATUS[number]>}
   */
  function useStatus(page) {
    const status = useMemo(() => newest(page), [page]);
    return useStore((changed) => both(page.on("status", changed), page.on("attention", changed)), status, [page]);
  }

  return { useDocument, useField, usePresence, useLock, useStatus };
}

/** What a component does with a lock. */
class LockUse {
  /** @type {Promise<Lock> | null} */
  #lock = null;
  #isShown = false;

  /** @param {Page} page @param {string} pointer */
  constructor(page, pointer) {
    this.page = page;
    this.pointer = pointer;
    this.actions = {
      /** Acquires the lock. When another client holds it, `mine` stays false. */
      acquire: () => this.#acquire(),
      /** Asks the holder for the lock. */
      takeOver: () => this.#ask((lock) => lock.takeOver()),
      /** Says no to the client that asked. */
      keep: () => this.#ask((lock) => lock.keep()),
      /** Gives the lock back. */
      release: () => this.#release(),
    };
  }

  /** The component is shown. Returns what happens when it is removed. */
  begin() {
    this.#isShown = true;
    return () => {
      this.#isShown = false;
      // In its strict mode, React removes each component once, and shows it again at once.
      queueMicrotask(() => this.#isShown || void this.#release());
    };
  }

  /** Acquires the lock, unless this component holds it. @returns {Promise<Lock>} */
  async #acquire() {
    const known = await this.#lock?.catch(() => null);
    if (known?.mine) return known;
    this.#lock = this.page.lock(this.pointer);
    const lock = await this.#lock;
    if (!this.#isShown) await this.#release(); // the component was removed meanwhile
    return lock;
  }

  /** @param {(lock: Lock) => any} action */
  async #ask(action) {
    const known = await this.#lock?.catch(() => null);
    return action(known ?? (await this.#acquire()));
  }

  async #release() {
    const asked = this.#lock;
    this.#lock = null;
    const lock = await asked?.catch(() => null);
    if (lock) await lock.release().catch(() => {}); // without a connection, the lock ends by itself
  }
}

/** @param {LockState[]} locks @param {string} pointer */
function lockOn(locks, pointer) {
  return locks.find(({ scope }) => pointer === scope || pointer.startsWith(`${scope}/`)) ?? null;
}

/** Returns a function that reads the status: the same object until a member changes. @param {Page} page */
function newest(page) {
  /** @type {any} */
  let last = {};
  return () => {
    const now = Object.fromEntries(STATUS.map((name) => [name, page[name]]));
    if (STATUS.some((name) => now[name] !== last[name])) last = now;
    return last;
  };
}

/** @param {() => void} one @param {() => void} other */
const both = (one, other) => () => {
  one();
  other();
};

/** The value at a JSON Pointer, or undefined. @param {any} value @param {string} pointer */
function at(value, pointer) {
  const tokens = pointer.split("/").slice(1).map((each) => each.replace(/~1/g, "/").replace(/~0/g, "~"));
  return tokens.reduce((holder, token) => (typeof holder === "object" && holder && Object.hasOwn(holder, token) ? holder[token] : undefined), value);
}
