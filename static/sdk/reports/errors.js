// Errors with a code for programs, and a sentence that says what to do.

const KEEP_OPEN = "keep the tab open until `page.saved` is 'saved'";
const SENTENCES = {
  bad_options: "give a `url`, a `document` (letters, digits, ._:~-) and a function `token`",
  not_ready: "await `page.ready`",
  closed: "call `connect` again",
  read_only: "the token only reads: get one with the role editor",
  offline: "wait until `page.link` is 'online'",
  protocol: "load the server's /sdk/weft.js",
  memory_only: KEEP_OPEN,
  storage_full: KEEP_OPEN,
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

/** The author whose change or lock is the reason of a refusal. @param {{by?: any, removed_by?: any, lock?: any}} refusal */
export const authorOf = ({ by, removed_by, lock }) => by ?? removed_by ?? lock?.holder;

/**
 * The server refused a request. `yours` is the value of the user, `theirs` the value at the server.
 * `by` is the author whose change or lock is the reason, when it is known.
 */
export class Refusal extends WeftError {
  /** @param {{code?: string, reason?: string, message?: string, path?: string, yours?: any, theirs?: any, by?: any, removed_by?: any, version?: number, lock?: any}} refusal an answer of the server, or an item of `attention` */
  constructor(refusal) {
    super(refusal.code ?? refusal.reason ?? "", refusal.message);
    this.name = "Refusal";
    this.path = refusal.path;
    this.yours = refusal.yours;
    this.theirs = refusal.theirs;
    this.by = authorOf(refusal);
    this.version = refusal.version;
    /** The lock that is the reason. */
    this.lock = refusal.lock;
  }
}
