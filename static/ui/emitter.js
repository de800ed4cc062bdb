// Listeners of named events.

export class Emitter {
  /** @type {Map<string, Set<(detail: any) => void>>} */
  #listeners = new Map();

  /** Call `listener` at each event of this name. Return what ends it. @param {string} name @param {(detail: any) => void} listener @returns {() => void} */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** One listener that fails does not stop the others. @param {string} name @param {any} [detail] */
  emit(name, detail) {
    for (const listener of [...(this.#listeners.get(name) ?? [])])
      try {
        listener(detail);
      } catch (error) {
        reportError(error);
      }
  }
}
