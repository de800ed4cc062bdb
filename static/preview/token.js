// The token of a preview: from the fragment of its URL, from an earlier load, or a guest's.

export class Token {
  /** @param {string} name of the document @param {boolean} isFramed */
  constructor(name, isFramed) {
    this.place = `weft.preview.${name}`;
    this.given = this.take() ?? (isFramed ? null : this.kept());
  }

  /** The token for the server. In demo mode, a guest's. @returns {Promise<string>} */
  async get() {
    if (this.given) return this.given;
    const answer = await fetch("/v1/demo/token", { method: "POST" });
    const body = await answer.json();
    if (answer.ok) return body.token;
    // Outside demo mode, there are no guests.
    throw Object.assign(new Error(body.detail), {
      code: answer.status === 404 ? "unauthenticated" : body.code,
    });
  }

  /** Takes the token out of the address: other people can see it, and the browser's history keeps it. */
  take() {
    const found = new URLSearchParams(location.hash.slice(1)).get("token");
    if (found === null) return null;
    history.replaceState(null, "", location.pathname + location.search);
    this.keep(found);
    return found;
  }

  /** The token that this tab has kept for the document, so that a reload works. */
  kept() {
    try {
      return sessionStorage.getItem(this.place);
    } catch {
      return null; // a sandboxed frame has no storage
    }
  }

  /** @param {string} token */
  keep(token) {
    try {
      sessionStorage.setItem(this.place, token);
    } catch {
      // a sandboxed frame has no storage
    }
  }
}
