// Banners under the bar: what the user has to know now, and what they can do about it.

import { advice } from "/sdk/advice.js";
import { AROUND, NO_TOKEN } from "../ui/around.js";
import { h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { counted } from "../ui/words.js";

/** @typedef {import("../editor/workspace.js").Notice} Notice */

/** Why the server lets the user in no more. @type {Record<string, string>} */
const WORDS = {
  token: AROUND
    ? "The page around the editor does not let you in any more. Sign in there again."
    : "Your link to this page has ended. Enter a new token to go on.",
  not_found: "This page was deleted. What you see is the copy in this browser.",
};

export class Notices {
  /** @type {any} the newest error of the connection */
  #error = null;
  #isLost = false;
  #storage = ""; // the code of the error of the browser's storage
  #isOld = false;
  #hasNoToken = false; // the page around ours gave none
  /** @type {Set<string>} */
  #closed = new Set();

  /** @param {HTMLElement} place @param {import("../editor/commands.js").Parts} parts */
  constructor(place, { workspace, token, errors }) {
    this.place = place;
    this.workspace = workspace;
    this.page = workspace.page;
    this.token = token;
    const { page } = this;
    page.on("link", ({ link, error }) => {
      this.#error = error;
      if (link !== "online") return;
      this.#isLost = this.#hasNoToken = false;
      // Otherwise the service worker tells of a new version.
      if (!navigator.serviceWorker) void this.#compare();
    });
    page.on("lost", () => (this.#isLost = page.link !== "online"));
    for (const code of errors) this.#failed(code);
    // After a reload, the server may have refused before this listened.
    if (page.link === "refused") this.#error = { code: errors[errors.length - 1] };
    page.on("error", ({ code }) => this.#failed(code));
    page.presence.on("change", () => this.draw());
    for (const name of ["status", "locks"]) workspace.on(name, () => this.draw());
    addEventListener("beforeunload", (event) => {
      // What is stored in the browser waits there, also without a connection.
      if (this.#storage && page.pending) event.preventDefault();
    });
    this.draw();
  }

  /** @param {string} code of an error of the page */
  #failed(code) {
    if (code === "memory_only" || code === "storage_full") this.#storage = code;
    if (code === "protocol") this.#isOld = true;
    if (code === "token_failed") this.#hasNoToken = AROUND !== "" && navigator.onLine;
    this.draw();
  }

  /** @returns {Notice[]} */
  get #wanted() {
    const { page } = this;
    const queued = page.pending ? ` ${counted(page.pending, "change")} queued.` : "";
    const sync = { action: "Sync now", run: () => page.syncNow() };
    /** @type {(Notice | false)[]} */
    const all = [
      page.link === "refused" && this.#refused(queued),
      page.link === "offline" && {
        key: "offline",
        stays: true,
        tone: "warning",
        ...sync,
        words: `You are offline. What you change is kept in this browser.${queued}`,
      },
      page.link === "reconnecting" &&
        this.#isLost && {
          key: "lost",
          stays: true,
          tone: "warning",
          ...sync,
          words: `${this.#hasNoToken ? NO_TOKEN : "The server does not answer."} What you change is kept in this browser.${queued}`,
        },
      this.workspace.isHeld &&
        page.link === "online" && {
          key: "held",
          stays: true,
          tone: "warning",
          words: `The server takes no changes just now. Yours are kept, and sent later.${queued}`,
        },
      page.mode === "read-only" && {
        key: "viewer",
        words:
          "You can look at this page, but not change it. Ask the person who shared it for a link to edit.",
      },
      this.#storage !== "" &&
        page.pending > 0 && { key: this.#storage, tone: "danger", words: advice({ code: this.#storage }) },
      this.#isOld && {
        key: "old",
        words: "There is a newer version of this editor.",
        action: "Reload",
        run: () => location.reload(),
      },
      page.presence.others.some(({ user }) => user === page.user) && {
        key: "tab",
        words: "You edit this page in another tab, too.",
      },
    ];
    all.push(...this.workspace.notices.flatMap((more) => /** @type {(Notice | false)[]} */ (more())));
    return /** @type {Notice[]} */ (all.filter(Boolean));
  }

  /** @param {string} queued @returns {Notice} */
  #refused(queued) {
    const code = this.#error?.code;
    const isToken = code === "unauthenticated" || code === "forbidden";
    const enter = async () => {
      this.token.forget();
      await this.token.ask("Enter a token for this page.");
      this.page.syncNow();
    };
    return {
      key: `refused ${code}`,
      stays: true,
      tone: "danger",
      words: (WORDS[isToken ? "token" : (code ?? "")] ?? advice({ code })) + queued,
      action: isToken && !AROUND ? "Enter a token" : "Try again",
      run: isToken && !AROUND ? () => void enter() : () => this.page.syncNow(),
    };
  }

  draw() {
    const wanted = this.#wanted;
    for (const key of this.#closed) if (!wanted.some((each) => each.key === key)) this.#closed.delete(key);
    keyed(
      this.place,
      wanted.filter(({ key }) => !this.#closed.has(key)),
      {
        key: ({ key }) => key,
        make: (notice) => this.#make(notice),
        update: (made, { words }) =>
          made.firstChild.textContent !== words && (made.firstChild.textContent = words),
      },
    );
  }

  /** @param {Notice} notice */
  #make({ key, words, tone, action, run, other, stays }) {
    const close = () => {
      this.#closed.add(key);
      this.draw();
    };
    return h(
      "div",
      { class: `notice ${tone ?? ""}`, "data-notice": key },
      h("p", {}, words),
      action && h("button", { type: "button", class: "link", onclick: run }, action),
      other && h("button", { type: "button", class: "link", onclick: other[1] }, other[0]),
      !stays &&
        h(
          "button",
          { type: "button", class: "quiet", "aria-label": "Close this notice", onclick: close },
          icon("close"),
        ),
    );
  }

  /** After a connection, the server may have another version: it does not serve this file any more. */
  async #compare() {
    const answer = await fetch(import.meta.url, { method: "HEAD", cache: "no-store" }).catch(() => null);
    this.#isOld ||= answer?.status === 404;
    this.draw();
  }
}
