// Errors with a code for programs, and a sentence that says what to do.

const SENTENCES = {
  bad_options: "give `connect` a `url` such as https://weft.example, a `document` and a function `token`",
  not_ready: "there is no value yet: await `page.ready`",
  closed: "the page is closed: call `connect` again",
  read_only: "the token only reads: get a token with the role editor",
  offline: "there is no connection: try again when `page.link` is 'online'",
  protocol: "SDK and server have different protocols: load the server's /sdk/weft.js",
  memory_only: "there is no IndexedDB: keep the tab open until `page.saved` is 'saved'",
  storage_full: "the storage is full: keep the tab open until `page.saved` is 'saved'",
  unauthenticated: "the server refused two tokens: check how your backend makes them",
  too_many_frames: "the server closed the connection: this client sent too many frames",
};

/** An error of the SDK. */
export class WeftError extends Error {
  /** @param {keyof typeof SENTENCES | string} code @param {string} [message] @param {unknown} [cause] */
  constructor(code, message, cause) {
    super(message ?? /** @type {Record<string, string>} */ (SENTENCES)[code] ?? code, { cause });
    this.name = "WeftError";
    this.code = code;
  }
}

/**
 * The server refused a request. `yours` is the value of the user, `theirs` the value at the server.
 * `by` is the author whose change or lock is the reason, when it is known.
 */
export class Refusal extends WeftError {
  /** @param {{code?: string, reason?: string, message?: string, path?: string, yours?: any, theirs?: any, by?: any, version?: number}} refusal */
  constructor({ reason = "", code = reason, message, path, yours, theirs, by, version }) {
    super(code, message);
    this.name = "Refusal";
    this.path = path;
    this.yours = yours;
    this.theirs = theirs;
    this.by = by;
    this.version = version;
  }
}
