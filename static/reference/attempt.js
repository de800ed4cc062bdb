// A form that sends one request, and shows the answer.

import { confirmed } from "../ui/dialog.js";
import { h } from "../ui/elements.js";

/** @typedef {import("./session.js").Fields} Fields */
/** @typedef {import("./session.js").Answer} Answer */

const FILE = "application/octet-stream";
const MOST_SHOWN = 100_000; // characters of a body
/** What a browser cannot send in a header. */
const NO_HEADER = /[^\t\x20-\x7e\x80-\xff]/;

export class Attempt {
  /** @type {{parameter: Fields, field: HTMLInputElement, isOwn: boolean}[]} */
  fields = [];
  /** @type {HTMLTextAreaElement | HTMLInputElement | undefined} */
  body;
  kind = "";
  isSending = false;

  /** @param {import("./session.js").Operation} operation @param {import("./session.js").Session} session */
  constructor(operation, session) {
    this.operation = operation;
    this.session = session;
    this.answer = h("div", {
      class: "answer",
      role: "region",
      "aria-live": "polite",
      "aria-label": "Answer",
      hidden: true,
    });
    this.send = h("button", { type: "submit", class: "primary" }, "Send");
    const rows = (operation.described.parameters ?? []).map((/** @type {Fields} */ each) => this.#row(each));
    this.element = h(
      "form",
      { class: "attempt", novalidate: true, "aria-label": `Send: ${operation.described.summary}` },
      ...rows,
      this.#bodyRow(),
      h("div", { class: "row" }, this.send),
      this.answer,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    session.on("changed", () => this.fill());
    this.fill();
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.element.querySelector("input, textarea, button"))?.focus();
  }

  /** @param {Fields} parameter */
  #row(parameter) {
    const id = `${this.operation.name}-${parameter.name}`;
    const row = {
      parameter,
      isOwn: false,
      field: h("input", { id, autocomplete: "off", spellcheck: "false" }),
    };
    row.field.addEventListener("input", () => (row.isOwn = true));
    if (!parameter.required) row.field.placeholder = `${parameter.example ?? ""}`;
    this.fields.push(row);
    const where = h("small", {}, parameter.required ? parameter.in : `${parameter.in}, optional`);
    return h("div", {}, h("label", { for: id }, parameter.name, " ", where), row.field);
  }

  #bodyRow() {
    const content = this.operation.described.requestBody?.content;
    if (!content) return null;
    const [[kind, { example }]] = Object.entries(content);
    const id = `${this.operation.name}-body`;
    this.kind = kind;
    this.example = example;
    this.body =
      kind === FILE
        ? h("input", { id, type: "file", accept: "image/*" })
        : h("textarea", { id, rows: 6, spellcheck: "false" });
    this.body.addEventListener("input", () => (this.example = undefined));
    return h("div", {}, h("label", { for: id }, "Body ", h("small", {}, kind)), this.body);
  }

  /** Write what is known into the fields that the user has not changed. */
  fill() {
    const { values } = this.session;
    for (const { parameter, field, isOwn } of this.fields)
      if (parameter.required && !isOwn) field.value = values[parameter.name] || `${parameter.example ?? ""}`;
    const { body, example } = this;
    if (body instanceof HTMLTextAreaElement && example !== undefined) {
      const known = example?.secret && values.secret ? { ...example, secret: values.secret } : example;
      body.value = JSON.stringify(known, null, 2);
    }
  }

  async submit() {
    if (this.isSending) return; // a second click
    this.isSending = true;
    try {
      await this.#submit();
    } catch {
      this.#say("There is no answer. Check the connection, and try again.");
    }
    this.isSending = false;
  }

  async #submit() {
    const { session, operation } = this;
    const wrong = this.#wrong();
    if (wrong) return this.#say(wrong);
    if (operation.described.security.length) {
      // A guest comes when the first request needs one, and again when the hour is over.
      const refused = session.needsGuest && document.body.dataset.demo === "yes" && (await session.guest());
      if (refused && session.needsGuest) return this.show(refused);
      if (!session.token) return this.#say("This request needs a token. Paste one at the top of the page.");
    }
    const request = this.request();
    if (await this.#agreed(request)) await this.show(await session.send(...request));
  }

  /** Ask before a deletion: nothing here can take it back. @param {[string, string, ...any]} request */
  async #agreed([method, address]) {
    const { name, described } = this.operation;
    if (method !== "DELETE" || name === "releaseLock") return true;
    const words = `The server does it at once, to what you named: ${method} ${decodeURIComponent(address)}`;
    return confirmed({ title: `${described.summary}?`, words, yes: "Send", isDanger: true });
  }

  /** Why the request cannot be sent like this; '' when it can. */
  #wrong() {
    for (const { parameter, field } of this.fields) {
      const value = field.value.trim();
      const isPath = parameter.in === "path";
      const words =
        (parameter.required && !value && `Write a value for ${parameter.name}.`) ||
        // A browser takes them out of an address. Then it would be the address of another request.
        (isPath && /^\.\.?$/.test(value) && `${parameter.name} cannot be ${value} in an address.`) ||
        (parameter.in === "header" &&
          NO_HEADER.test(value) &&
          `${parameter.name} is a header: write only letters of Western Europe in it.`);
      if (!words) continue;
      field.focus();
      return words;
    }
    return "";
  }

  /** @returns {[string, string, Record<string, string>, BodyInit | undefined]} */
  request() {
    let address = this.operation.path;
    const query = new URLSearchParams();
    const headers = { ...this.session.authorization };
    for (const { parameter, field } of this.fields) {
      const value = field.value.trim();
      if (parameter.in === "path")
        address = address.replace(`{${parameter.name}}`, encodeURIComponent(value));
      else if (value && parameter.in === "query") query.set(parameter.name, value);
      else if (value) headers[parameter.name] = value;
    }
    const { body } = this;
    if (body && this.kind !== FILE) headers["Content-Type"] = this.kind;
    const sent = body instanceof HTMLInputElement ? body.files?.[0] : body?.value;
    const method = this.operation.method.toUpperCase();
    return [method, query.size ? `${address}?${query}` : address, headers, sent || undefined];
  }

  /** @param {Answer} answer */
  async show({ status, phrase, ms, headers, kind, body }) {
    const line = h(
      "p",
      {},
      h("b", { class: status < 400 ? "good" : "bad" }, `${status} ${phrase}`),
      ` in ${ms} ms`,
    );
    const rows = headers.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
    const more = h("details", {}, h("summary", {}, "Headers"), h("dl", {}, ...rows));
    this.answer.replaceChildren(line, await this.#shown(kind, body, status < 300), more);
    this.answer.hidden = false;
  }

  /** @param {string} kind @param {Blob} body @param {boolean} isGood */
  async #shown(kind, body, isGood) {
    if (!body.size) return h("p", { class: "soft" }, "No body");
    if (kind.startsWith("image/")) {
      // The picture of the last answer goes when the form has another one.
      URL.revokeObjectURL(this.picture ?? "");
      this.picture = URL.createObjectURL(body);
      return h("img", { src: this.picture, alt: `The picture in the answer, ${body.size} bytes` });
    }
    let text = await body.text();
    if (kind.endsWith("json")) {
      const value = JSON.parse(text);
      if (isGood) this.session.learn(this.operation.name, value);
      text = JSON.stringify(value, null, 2);
    }
    if (text.length > MOST_SHOWN) text = `${text.slice(0, MOST_SHOWN)}\n…`;
    return h(
      "pre",
      { tabindex: "0", role: "region", "aria-label": "Body of the answer" },
      h("code", {}, text),
    );
  }

  /** @param {string} words */
  #say(words) {
    this.answer.replaceChildren(h("p", { class: "bad" }, words));
    this.answer.hidden = false;
  }
}
