// The screen that publishes: what changes for visitors, what is wrong, what is public now.

import { onBack } from "../ui/back.js";
import { openDialog } from "../ui/dialog.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { toast } from "../ui/toast.js";
import { counted } from "../ui/words.js";
import { pointerNow, tokensOf } from "../editor/place_words.js";
import { Banner } from "./banner.js";
import { CheckList } from "./check_list.js";
import { drawGroups } from "./entry.js";
import { Foot } from "./foot.js";
import { addressOf, liveCard, visits, wantsEnd } from "./live_card.js";
import { Past } from "./past.js";
import { Publication } from "./publication.js";
import { isSame } from "./same.js";
import { about, bar, newsWords, refusal, summary } from "./words.js";

/** @typedef {import("../editor/commands.js").Parts} Parts */

/** The style sheet is loaded once. @type {Promise<unknown> | undefined} */
let style;

/** @param {Parts} parts */
export async function open(parts) {
  style ??= new Promise((resolve) => {
    const href = new URL("./publish.css", import.meta.url).href;
    document.head.append(h("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve }));
  });
  await style;
  if (!document.querySelector("dialog.publish")) new Screen(parts);
}

class Screen {
  /** @type {"changes" | "past" | "done"} */
  #view = "changes";
  /** What the user waits for. @type {"" | "saving" | "sending"} */
  #busy = "";
  /** @type {string} what was refused, in words */
  #failed = "";
  #wasOffline = false;
  #ends = new AbortController();

  /** @param {Parts} parts */
  constructor({ workspace, token }) {
    this.workspace = workspace;
    this.page = workspace.page;
    this.token = token;
    this.model = new Publication(workspace);
    this.banner = new Banner(this.model, () => this.#choose(null));
    this.foot = new Foot(this.model, {
      publish: () => void this.publish(),
      cancel: () => this.#stopWaiting(),
      look: () => this.checks.element.scrollIntoView(),
    });
    this.summary = h("h3", { class: "summary" });
    this.about = h("p", { class: "soft" });
    this.groups = h("div", { class: "groups" });
    this.live = h("section", { class: "live", "aria-label": "What visitors see" });
    this.checks = new CheckList((place) => this.#goTo(place));
    this.name = h("input", {
      id: "publish-name",
      maxlength: 200,
      placeholder: "Summer prices",
      autocomplete: "off",
    });
    this.naming = h(
      "div",
      { class: "naming" },
      h("label", { for: "publish-name" }, "Name this version, if you like"),
      this.name,
    );
    this.body = h("div", { class: "view" });
    this.columns = h(
      "div",
      { class: "columns" },
      h("section", { class: "changes", "aria-label": "Changes" }, this.summary, this.about, this.groups),
      h("aside", {}, this.live, this.checks.element, this.naming),
    );
    this.shown = openDialog({
      title: "Publish",
      kind: "wide",
      body: [this.banner.element, this.body],
      actions: this.foot.elements,
      onClose: () => this.#close(),
    });
    this.shown.classList.add("publish");
    this.body.append(this.columns);
    const draw = () => this.draw();
    this.model.on("changed", draw);
    const others = this.page.presence.on("change", draw);
    const status = workspace.on("status", () => this.#onStatus());
    const back = onBack(() => this.shown.close());
    this.#ends.signal.addEventListener("abort", () => (others?.(), status(), back()));
    this.draw();
    void this.model.start();
  }

  #close() {
    this.#ends.abort();
    this.model.stop();
  }

  get #bar() {
    return bar(this.page, this.token.kept());
  }

  get #isOffline() {
    return this.page.link !== "online";
  }

  // --- drawing ----------------------------------------------------------------------------------

  draw() {
    const { model, page } = this;
    const { live, groups } = model;
    if (this.#view === "done") return;
    change(this.summary, { textContent: summary(model) });
    change(this.about, { textContent: about(model, page.user), hidden: !about(model, page.user) });
    drawGroups(this.groups, groups, {
      me: page.user,
      authorsOf: (entry) => (!model.older && model.authors?.of(entry)) || [],
      go: (pointer) => this.#goTo(pointer),
    });
    this.#drawLive();
    const failed = model.error && !model.checked ? "The page was not checked" : "";
    this.checks.draw(this.#withMine(model.checks), { isReady: model.checked > 0, failed });
    this.banner.draw(this.#failed, this.#view === "past");
    this.shown.dataset.view = this.#view;
    const bars = this.#bar;
    this.foot.draw({ busy: this.#busy, bar: bars, isList: this.#view === "past" });
    change(this.naming, { hidden: bars !== "" || model.isNewest || live === undefined });
    this.shown.dataset.state = live === undefined ? "loading" : model.isNewest ? "newest" : "changed";
  }

  /** The checks, with the user's own changes that wait for a decision. @param {import("./findings.js").Told[]} checks */
  #withMine(checks) {
    const { attention } = this.page;
    if (!attention.length || this.model.older) return checks;
    const words = "They are not on the page, and not published. Look at them in “Needs attention”.";
    const where = `${counted(attention.length, "change")} of yours wait${attention.length === 1 ? "s" : ""} for your decision`;
    return [
      { key: "attention", tone: /** @type {const} */ ("warning"), where, words, place: attention[0].path },
      ...checks,
    ];
  }

  #drawLive() {
    const { model } = this;
    const card = liveCard(model, {
      mayPublish: !this.#bar,
      past: () => this.#show("past"),
      unpublish: () => void this.unpublish(),
    });
    // The same card stays, so that the focus stays.
    const now = card.map((each) => /** @type {HTMLElement} */ (each).outerHTML).join("");
    if (isSame(this.live, now)) return;
    const hadFocus = this.live.contains(document.activeElement);
    this.live.replaceChildren(...card);
    if (hadFocus) /** @type {HTMLElement | null} */ (this.live.querySelector("a, button"))?.focus();
  }

  /** @param {"changes" | "past"} view */
  #show(view) {
    this.#view = view;
    const back = () => this.#show("changes");
    const shown =
      view === "past"
        ? new Past(this.model, {
            mayPublish: !this.#bar,
            back,
            choose: (older) => (this.#choose(older), back()),
          }).element
        : this.columns;
    this.body.replaceChildren(shown);
    this.draw();
    const next = view === "past" ? shown.querySelector("button") : this.live.querySelector("button.link");
    /** @type {HTMLElement | null} */ (next)?.focus();
  }

  /** @param {import("./publication.js").Older | null} older */
  #choose(older) {
    this.#failed = "";
    this.model.choose(older);
  }

  /** Close, and show a place on the page. @param {string} place a pointer, maybe with ids in place of indexes */
  #goTo(place) {
    const { workspace } = this;
    const pointer = pointerNow(workspace.value, place) ?? place;
    this.shown.close();
    const [root, key, list, index] = tokensOf(pointer);
    if (root === "pages" && list === "sections" && index !== undefined) return workspace.goTo(pointer);
    if (root === "pages" && key !== undefined) workspace.show(key);
    if (root === "pages" && list === undefined) return;
    workspace.emit("screen", { name: "site", pointer });
  }

  // --- publishing ---------------------------------------------------------------------------------

  async publish() {
    if (this.#busy) return;
    const { model, page } = this;
    this.#failed = "";
    if (!model.older && (page.saved !== "saved" || page.pending)) {
      this.#busy = "saving";
      return this.draw();
    }
    this.#busy = "sending";
    this.draw();
    // The user publishes the version whose changes they see.
    const { live, candidate: version } = model;
    try {
      const done = await page.publish({ version, expectedPublished: live?.version ?? null });
      model.url = done.url;
      await this.#known(done.published);
      this.#busy = "";
      await this.#done(done.published);
    } catch (error) {
      this.#busy = "";
      await this.#refused(error);
    }
  }

  /** Ask what is public now, after this user has changed it. @param {number} version 0 for none */
  async #known(version) {
    const asked = this.model.ask(version);
    this.workspace.emit("published");
    await asked;
  }

  /** What the server refused. @param {any} error */
  async #refused(error) {
    const { model } = this;
    if (error.code === "conflict") await model.ask();
    else if (error.code === "invalid_document") {
      await model.check();
      this.#failed = "The page was not published, because something must be mended first.";
    } else this.#failed = refusal(error);
    if (error.code === "conflict" && !model.news)
      this.#failed = "The page changed just now. Look at it again.";
    if (!this.shown.open) toast("The page was not published. Open “Publish” again.", { tone: "danger" });
    this.workspace.announce(this.#failed || newsWords(/** @type {any} */ (model.news), this.page.user));
    this.draw();
  }

  #onStatus() {
    const { page, model } = this;
    if (this.#wasOffline && !this.#isOffline) {
      this.#failed = "";
      void model.ask();
    }
    this.#wasOffline = this.#isOffline;
    // A connection may come back in an hour: then the user decides again.
    if (this.#isOffline && this.#busy === "saving") this.#busy = "";
    if (this.#busy === "saving" && page.saved === "saved" && !page.pending) {
      this.#busy = "";
      model.refresh();
      void this.publish();
    }
    this.draw();
  }

  #stopWaiting() {
    if (this.#busy === "saving") this.#busy = "";
    this.draw();
  }

  /** @param {number} version */
  async #done(version) {
    const name = this.name.value.trim();
    let failed = "";
    if (name) await this.page.history.name(version, name).catch((error) => (failed = refusal(error)));
    const { model } = this;
    this.workspace.announce("Published. Visitors see it within seconds.");
    if (!this.shown.open) return void toast("Published. Visitors see it within seconds.");
    this.#view = "done";
    this.banner.element.hidden = true;
    this.body.replaceChildren(
      h(
        "section",
        { class: "done", "aria-label": "Published" },
        h("span", { class: "tick", "aria-hidden": "true" }, icon("check")),
        h("h3", {}, "Published"),
        h("p", { class: "soft" }, "Visitors see it within seconds."),
        failed && h("p", { class: "warning" }, `The name was not kept. ${failed}`),
        h("p", { class: "address" }, addressOf(model).replace(/^https?:\/\//, "")),
        visits(model, "primary"),
      ),
    );
    this.foot.end(() => this.shown.close());
    this.shown.dataset.state = "done";
    this.body.querySelector("a")?.focus();
  }

  async unpublish() {
    const { model, page } = this;
    const before = model.live?.version;
    if (!(await wantsEnd())) return;
    try {
      // Another version may have become public while the question was open.
      await model.ask();
      if (model.live?.version !== before) return;
      await page.unpublish();
      await this.#known(0);
      this.workspace.announce("The page is not public any more.");
    } catch (error) {
      this.#failed = refusal(error);
      this.draw();
    }
  }
}
