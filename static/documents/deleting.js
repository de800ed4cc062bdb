// Deletes pages, and lets the user take it back: the server is asked only when the message ends.

import { confirmed } from "../ui/dialog.js";
import { toast } from "../ui/toast.js";
import { listed } from "../ui/words.js";
import { titleOf } from "./library.js";
import { refusal } from "./refusal.js";

const SECONDS = 10;

/** @typedef {import("./library.js").Item} Item */

export class Deleting {
  /** The pages whose message is shown. @type {Map<string, Item>} */
  #waiting = new Map();

  /** @param {import("./library.js").Library} library */
  constructor(library) {
    this.library = library;
    // A page that is left cannot wait for an answer.
    addEventListener("pagehide", () => {
      for (const doc of this.#waiting.keys()) this.#sendLast(doc);
      this.#waiting.clear();
    });
  }

  /** How many pages the server has not deleted yet. */
  get count() {
    return this.#waiting.size;
  }

  /** @param {Item} item */
  async start(item) {
    const { library } = this;
    const title = titleOf(item);
    const others = (item.presence ?? []).filter(({ user }) => user !== library.who.user);
    const names = [...new Set(others.map(({ name, user }) => name || user))];
    if (names.length) {
      const words = `${listed(names)} ${names.length > 1 ? "are" : "is"} in this page now. When you delete it, it closes for them too.`;
      if (!(await confirmed({ title: `Delete ${title}?`, words, yes: "Delete", isDanger: true }))) return;
    }
    this.#waiting.set(item.doc, item);
    library.hide(item.doc);
    toast(`${title} deleted`, {
      action: "Undo",
      seconds: SECONDS,
      onClose: (undone) => {
        if (!this.#waiting.delete(item.doc)) return;
        if (undone) library.show(item.doc);
        else void this.#send(item);
      },
    });
  }

  /** @param {Item} item */
  async #send(item) {
    const { library } = this;
    try {
      await library.call(() => library.documents.delete(item.doc));
    } catch (error) {
      const { code } = /** @type {any} */ (error);
      if (code !== "not_found") {
        library.show(item.doc);
        toast(`${titleOf(item)} was not deleted. ${refusal(error)}`, { tone: "danger" });
        return;
      }
    }
    library.hide(item.doc, Date.now());
    void library.load();
  }

  /** The service worker lives on when the page goes: a request of the page would end in it. @param {string} doc */
  #sendLast(doc) {
    const path = `/v1/docs/${encodeURIComponent(doc)}`;
    const headers = { Authorization: `Bearer ${this.library.token.newest}` };
    const worker = navigator.serviceWorker?.controller;
    if (worker) worker.postMessage({ path, headers });
    else void fetch(path, { method: "DELETE", keepalive: true, headers });
  }
}
