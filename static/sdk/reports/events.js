// Listeners of named events.

export class Emitter {
  /** @type {Map<string, Set<(detail: any) => void>>} */
  #listeners = new Map();

  /**
   * Calls `listener` at each event of this name. Returns a function that stops it.
   * @param {string} name
   * @param {(detail: any) => void} listener
   * @returns {() => void}
   */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** @param {string} name @param {any} [detail] */
  emit(name, detail) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) calling(listener, detail);
  }
}

/**
 * Calls a function of the page. Its error is reported, and disturbs nothing else.
 * @param {(...values: any[]) => void} listener
 * @param {...any} values
 */
export function calling(listener, ...values) {
  try {
    listener(...values);
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else queueMicrotask(() => { throw error; });
  }
}
