// Where a preview gets its value: from the editor around its frame, or from the server.

import { receivePreview } from "/sdk/preview.js";
import { sentence, WORDS } from "./state_line.js";

const PATIENCE = 1500; // after this time, the preview says that it is connecting

export class Source {
  /**
   * @param {import("./drawing.js").Drawing} drawing
   * @param {import("./state_line.js").StateLine} line
   * @param {import("./token.js").Token} token
   */
  constructor(drawing, line, token) {
    this.drawing = drawing;
    this.line = line;
    this.token = token;
    setTimeout(() => this.isEmpty && !line.link && line.tellLink(WORDS.waiting), PATIENCE);
  }

  get isEmpty() {
    return this.drawing.value === undefined;
  }

  /** Follows the draft. Return what tells the editor where the user points. @param {import("../sdk/preview.js").PreviewOptions} options */
  follow(options) {
    try {
      const preview = receivePreview((value) => this.drawing.draw(value), { ...options, maxFps: 60 });
      preview.on("state", (/** @type {string} */ state) => this.became(state));
      preview.on("error", (/** @type {any} */ error) => this.failed(error));
      preview.on("focus", (/** @type {string | null} */ pointer) => this.drawing.point(pointer));
      return (/** @type {string} */ pointer) => preview.focus(pointer);
    } catch (error) {
      this.line.tellLink(sentence(error));
      return () => {};
    }
  }

  /** @param {string} state of the connection */
  became(state) {
    if (state === "connected") this.line.tellLink("");
    else if (state === "closed") this.line.tellLink(WORDS.closed);
    else if (!this.isEmpty && (state !== "refused" || !this.line.link)) this.line.tellLink(WORDS.lost);
  }

  /** Says what an error means for the page, and forgets a token that the server refuses. @param {any} error */
  failed(error) {
    const { code } = error;
    const isTokenBad = code === "unauthenticated" || code === "forbidden";
    if (isTokenBad) this.token.keep("");
    if (this.isEmpty) this.line.tellLink(sentence(error));
    else if (isTokenBad) this.line.tellLink(WORDS.ended);
    else if (code === "not_found") this.line.tellLink(WORDS.deleted);
  }

  /** Shows an older version. @param {string} name of the document, as in the address @param {string} number */
  async showVersion(name, number) {
    if (origin === "null") return this.line.tellLink(WORDS.framed); // the server lets no such frame read
    if (!/^[1-9]\d{0,14}$/.test(number)) return this.line.tellLink(WORDS.version);
    try {
      const path = `/v1/docs/${name}/versions/${number}`;
      const answer = await fetch(path, { headers: { Authorization: `Bearer ${await this.token.get()}` } });
      const body = await answer.json();
      if (answer.ok) this.drawing.draw(body);
      this.line.tellLink(answer.ok ? "" : sentence(body));
    } catch (error) {
      this.line.tellLink(error instanceof TypeError ? WORDS.offline : sentence(error));
    }
  }
}
