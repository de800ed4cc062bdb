// The box at the top: where the token for *Try it* comes from.

import { h } from "../ui/elements.js";
import { claimsOf } from "../ui/token.js";

const LONGEST = 2 ** 31 - 1; // milliseconds of a timer
const LATER = "There is no answer. Check the connection, and try again.";

export class Trial {
  /** @param {HTMLElement} place @param {import("./session.js").Session} session @param {boolean} isDemo whether the server makes tokens for guests */
  constructor(place, session, isDemo) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.place = place;
    this.session = session;
    this.isDemo = isDemo;
    this.said = h("p", { role: "status", class: "soft" });
    session.on("changed", () => this.draw());
    this.draw();
  }

  draw() {
    const { who } = this.session;
    clearTimeout(this.timer);
    const left = (who?.until?.getTime() ?? Infinity) - Date.now();
    if (left > 0 && left < LONGEST) this.timer = setTimeout(() => this.draw(), left + 1000);
    this.place.replaceChildren(
      h("h2", {}, "Try it"),
      ...(who ? this.#signedIn(who) : this.#outside()),
      this.said,
    );
  }

  #outside() {
    const field = h("input", { id: "token", autocomplete: "off", spellcheck: "false", required: true });
    const form = h(
      "form",
      { class: "row" },
      h("div", {}, h("label", { for: "token" }, this.isDemo ? "Or a token of your own" : "Token"), field),
      h("button", { type: "submit" }, "Use this token"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = field.value.trim();
      const isToken = Boolean(claimsOf(given).sub);
      this.said.textContent = isToken ? "" : "This is no token. A token has three parts with dots between.";
      if (isToken) this.session.use(given);
    });
    const get = h(
      "button",
      { type: "button", class: "primary", onclick: () => void this.ask(get, () => this.session.guest()) },
      "Get a guest’s token",
    );
    const about = this.isDemo
      ? "You get a token for an hour, and a document of your own with the value of the examples. Then send any request below."
      : "Paste a token, and send any request below. The token stays in this tab. On the server, this command makes one: ";
    return [
      h("p", {}, about, this.isDemo ? "" : h("code", {}, "weft token --user ada --role publisher")),
      this.isDemo && h("p", {}, get),
      form,
    ].filter((each) => each !== false);
  }

  /** @param {{name: string, role: string, until: Date | null}} who */
  #signedIn({ name, role, until }) {
    const { session } = this;
    const doc = h("input", {
      id: "document",
      value: session.values.doc,
      autocomplete: "off",
      spellcheck: "false",
    });
    doc.addEventListener("change", () => session.use(session.token, doc.value.trim() || undefined));
    const make = h(
      "button",
      { type: "button", onclick: () => void this.ask(make, () => session.makeDocument()) },
      "Create it",
    );
    const time = until?.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const isOver = until !== null && until.getTime() < Date.now();
    const again = h(
      "button",
      { type: "button", class: "link", onclick: () => void this.ask(again, () => session.guest()) },
      "Go on as this guest",
    );
    const end = h(
      "button",
      { type: "button", class: "link", onclick: () => session.use("") },
      "Forget the token",
    );
    return [
      isOver
        ? h("p", {}, "The time of your token is over. ", session.needsGuest && this.isDemo && again, " ", end)
        : h("p", {}, "You are ", h("b", {}, name), `, ${role}${time ? `, until ${time}` : ""}. `, end),
      h("div", { class: "row" }, h("div", {}, h("label", { for: "document" }, "Document"), doc), make),
    ];
  }

  /** @param {HTMLButtonElement} button @param {() => Promise<import("./session.js").Answer>} ask */
  async ask(button, ask) {
    button.disabled = true;
    this.said.textContent = "";
    try {
      const answer = await ask();
      const { code, detail } = answer.status < 300 ? {} : JSON.parse(await answer.body.text());
      if (code === "already_exists") this.said.textContent = `${this.session.values.doc} exists already.`;
      else if (detail) this.said.textContent = `The server refused this: ${detail}.`;
      else this.said.textContent = `${this.session.values.doc} is there, with the value of the examples.`;
    } catch {
      this.said.textContent = LATER;
    }
    button.disabled = false;
    // The button is gone with the old box. The focus goes on in the new one.
    if (!button.isConnected) /** @type {HTMLElement | null} */ (this.place.querySelector("input"))?.focus();
  }
}
