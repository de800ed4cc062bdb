// Errors with a code for programs, and a sentence that says what to do.

const SENTENCES = {
  bad_options: "`connect` needs `url` (http or https), `document` and `token`",
  not_ready: "the page has no value yet: await `page.ready` before the first change",
  closed: "the page is closed: call `connect` again",
  read_only: "this token may only read the document: ask for a token with the role editor",
  offline: "there is no connection to the server: try again when `page.link` is 'online'",
  origin_refused:
    "the server is reachable, but it refuses this page: add the page's origin to WEFT_ORIGINS",
  no_network: "the server cannot be reached: the SDK tries again, and keeps all changes",
  token_failed: "`token()` failed: the SDK calls it again, and keeps all changes",
  protocol:
    "this SDK and the server speak different protocol versions: load the SDK from /sdk/weft.js of the server",
  memory_only:
    "this browser gives the page no IndexedDB: changes that are not sent are lost when the tab closes",
  storage_full:
    "the browser's storage is full: changes that are not sent are lost when the tab closes; free some space",
  unauthenticated: "the server refused two tokens: check how your backend makes them",
  too_many_frames: "the server closed the connection, because this client sent too many frames",
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
  /** @param {{code?: string, reason?: string, message: string, path?: string, yours?: any, theirs?: any, by?: any, version?: number}} refusal */
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
