// The versions of the document as a story: who worked on it when, newest first.
//
// The server joins the edits of one person that follow each other. When two people work at once, its
// rows alternate. Here, the rows of one person without a pause are a sitting.

/** @typedef {{user: string, name: string}} Author */
/** @typedef {{what: "published" | "taken_down", by: Author, at: string}} Step */
/** @typedef {{version: number, from?: number, by: Author, at: string, since?: string, kind: string, pointers: string[], name?: string, published?: boolean, publications?: Step[], frame?: number}} Row `frame`: the sections have the same places after this row and at that version */
/** @typedef {{by: Author, kind: string, from: number, to: number, since: number, at: number, changes: number, rows: Row[], name?: string, published: boolean, publications: Step[]}} Sitting `from` and `to` are versions, `since` and `at` times */
/** @typedef {(options: {limit?: number, cursor?: string, from?: number, to?: number, each?: 1}) => Promise<{items: Row[], cursor?: string}>} List */

export const PAUSE = 10 * 60_000;
// A server names at most so many places of a row.
const MOST_POINTERS = 20;
const MOST_ROWS = 20_000;
const PLACES = /^(\/pages(\/[^/]+(\/sections(\/(\d+|-)(\/id)?)?)?)?)?$/;
const OWN = /^(edit|undo|redo)$/;

/** The first version of a row. @param {Row} row */
export const first = ({ from, version }) => from ?? version;

/** Whether a row may have changed the places of sections. @param {Row} row */
export function movesSections({ pointers }) {
  return pointers.length >= MOST_POINTERS || pointers.some((each) => PLACES.test(each));
}

/** Whether users want to find a version again. @param {{name?: string, published?: boolean, publications?: Step[]}} one */
export function isMark({ name, published, publications }) {
  return Boolean(name || published || publications?.length);
}

/** @param {Row[]} rows newest first @returns {Sitting[]} */
export function sittings(rows) {
  /** @type {Sitting[]} */
  const all = [];
  /** @type {Map<string, Sitting>} */
  const open = new Map();
  for (const row of rows) {
    const { by, kind, version, name, published = false, publications = [] } = row;
    const [from, at, since] = [first(row), Date.parse(row.at), Date.parse(row.since ?? row.at)];
    const own = OWN.test(kind);
    const newer = open.get(by.user);
    if (newer && own && !isMark(row) && newer.since - at <= PAUSE) {
      Object.assign(newer, { from, since, changes: newer.changes + version - from + 1 });
      if (kind === "edit") newer.kind = kind;
      newer.rows.push(row);
      continue;
    }
    const changes = version - from + 1;
    const made = {
      ...{ by, kind, from, to: version, since, at, changes, rows: [row] },
      ...{ name, published, publications },
    };
    all.push(made);
    if (own) open.set(by.user, made);
    else open.delete(by.user);
  }
  return all;
}

/** Give each row its frame. A row keeps the one that it has. @param {Row[]} rows newest first */
export function framed(rows) {
  for (let start = 0, end; start < rows.length; start = end) {
    end = start + 1;
    while (end < rows.length && !movesSections(rows[end - 1])) end += 1;
    const run = rows.slice(start, end);
    const frame = run.find((each) => each.frame)?.frame ?? run[0].version;
    for (const each of run) each.frame = frame;
  }
}

export class Story {
  /** @type {Row[]} newest first */
  rows = [];
  /** @type {Sitting[]} */
  sittings = [];
  isComplete = false;
  /** @type {any} why the last request failed */
  error = null;
  /** @type {string | undefined} */
  #cursor;
  /** @type {Promise<void> | null} */
  #asking = null;

  /** @param {List} list @param {() => void} changed */
  constructor(list, changed) {
    this.list = list;
    this.changed = changed;
  }

  get isLoading() {
    return this.#asking !== null;
  }

  get newest() {
    return this.rows[0]?.version ?? 0;
  }

  /** Load the next page of older versions. @param {number} [limit] */
  more(limit = 100) {
    if (this.isComplete) return Promise.resolve();
    return this.#once(async () => {
      const { items, cursor } = await this.list({ limit, cursor: this.#cursor });
      this.rows.push(...items);
      this.#cursor = cursor;
      this.isComplete = !cursor || this.rows.length >= MOST_ROWS;
    });
  }

  /** Load the versions that are newer than the newest one here. */
  news() {
    if (!this.rows.length) return this.more();
    return this.#once(async () => {
      /** @type {Row[]} */
      const found = [];
      /** @type {string | undefined} */
      let cursor;
      do {
        const page = await this.list({ from: this.newest + 1, limit: 500, cursor });
        found.push(...page.items);
        cursor = page.cursor;
      } while (cursor);
      this.rows.unshift(...found);
    });
  }

  /** Ask again for what is loaded: other versions are public now. */
  async renew() {
    await this.#asking;
    const oldest = this.rows.at(-1);
    if (!oldest) return;
    await this.#once(async () => {
      const known = new Map(this.rows.map((row) => [`${first(row)} ${row.version}`, row]));
      /** @type {Row[]} */
      const found = [];
      /** @type {string | undefined} */
      let cursor;
      do {
        const page = await this.list({ from: first(oldest), limit: 500, cursor });
        found.push(...page.items);
        cursor = page.cursor;
      } while (cursor);
      this.rows = found.map((row) => {
        const { name, published, publications } = row;
        // A row keeps what is known of its sections.
        const same = known.get(`${first(row)} ${row.version}`);
        return same ? Object.assign(same, { name, published, publications }) : row;
      });
    });
  }

  /** @param {() => Promise<void>} work */
  #once(work) {
    this.#asking ??= (async () => {
      try {
        await work();
        this.error = null;
        framed(this.rows);
        this.sittings = sittings(this.rows);
      } catch (error) {
        this.error = error;
      }
      this.#asking = null;
      this.changed();
    })();
    return this.#asking;
  }

  /** A version has a name now. @param {number} version @param {string} name */
  named(version, name) {
    const row = this.rows.find((each) => each.version === version);
    if (row) row.name = name;
    this.sittings = sittings(this.rows);
    this.changed();
  }

  /** The sitting that has a version of a person. @param {string} user @param {number} version */
  find(user, version) {
    return this.sittings.find(({ by, from, to }) => by.user === user && from <= version && version <= to);
  }
}
