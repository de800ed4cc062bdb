// Rich text: the part of Markdown that a text field of a page may have. `collab/page/rich_text.py`
// explains the rules; this is the same parser.

/**
 * @typedef {{kind: 'strong' | 'em' | 'a', address: string, inside: Inline[]}} Mark
 * @typedef {string | Mark} Inline
 * @typedef {{words: string, kind: Mark['kind'] | null, opens: boolean, closes: boolean, address: string, at: number}} Piece `at` is its place in the text
 */

const SPACES = new Set([" ", "\t", "\n", "\r", "\u00a0"]);
const TOKEN = /\\[\\*[\]()]|\*+|\[|\]/g;
// The spaces of Python: an address ends at the same character in both renderers.
const ADDRESS_END = /[)\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/g;
/** @type {['strong' | 'em', number][]} */
const STARS = [
  ["strong", 2],
  ["em", 1],
];
const WIDTH = Object.fromEntries(STARS);

/** Return the texts and marks of a text, in order. @param {string} words @returns {Inline[]} */
export function parse(words) {
  return built(pieces(words));
}

/** Return the parts of a text with their places in it: a mark that neither opens nor closes is text. @param {string} words */
export function pieces(words) {
  return new Parser(words).pieces();
}

/** Return a text as readers see it, without its marks. @param {string} words */
export function plain(words) {
  /** @type {(inline: Inline) => string} */
  const shown = (inline) => (typeof inline === "string" ? inline : inline.inside.map(shown).join(""));
  return parse(words).map(shown).join("");
}

class Parser {
  /** @param {string} words */
  constructor(words) {
    this.words = words;
    /** @type {Piece[]} */
    this.found = [];
    /** @type {Piece[]} */
    this.open = [];
    /** The index in `open` of the open `strong` and of the open `em`. @type {Map<string, number>} */
    this.stars = new Map();
    this.dead = 0;
    this.addressEnd = 0;
    this.at = 0; // where the next piece begins
  }

  pieces() {
    let at = 0;
    for (const match of this.words.matchAll(TOKEN)) {
      const start = /** @type {number} */ (match.index);
      if (start < at) continue; // inside an address
      this.text(this.words.slice(at, start));
      at = start + match[0].length;
      const first = match[0][0];
      if (first === "\\") {
        this.at += 1;
        this.text(match[0][1]);
      } else if (first === "*") this.runOfStars(start, at);
      else if (first === "[") this.open.push(this.piece("[", "a"));
      else at = this.bracket(at);
    }
    this.text(this.words.slice(at));
    return this.found;
  }

  /** @param {number} start @param {number} end */
  runOfStars(start, end) {
    const { words } = this;
    let left = end - start;
    if (start && !SPACES.has(words[start - 1])) {
      for (let kind = this.closedBy(left); kind; kind = this.closedBy(left)) {
        this.close(/** @type {number} */ (this.stars.get(kind)), this.piece("*".repeat(WIDTH[kind]), kind));
        left -= WIDTH[kind];
      }
    }
    if (end < words.length && !SPACES.has(words[end])) {
      for (const [kind, width] of STARS) {
        if (left < width || this.stars.has(kind)) continue;
        this.stars.set(kind, this.open.length);
        this.open.push(this.piece("*".repeat(width), kind));
        left -= width;
      }
    }
    this.text("*".repeat(left));
  }

  /** The open mark that so many stars close first: the inner one, when it fits. @param {number} left @returns {'strong' | 'em' | null} */
  closedBy(left) {
    const [strong, em] = [this.stars.get("strong"), this.stars.get("em")];
    if (!left || (strong === undefined && em === undefined)) return null;
    if (left === 2 && strong !== undefined) return "strong";
    const inner = (strong ?? -1) > (em ?? -1) ? "strong" : "em";
    if (inner === "strong" && left === 1) return em === undefined ? null : "em";
    return inner;
  }

  /** Close a link at `]`. Return where the text goes on. @param {number} at */
  bracket(at) {
    const index = this.lastBracket();
    const end = this.endOfAddress(at);
    if (index === null || end === null) {
      this.text("]");
      if (index !== null) this.forget(index);
      return at;
    }
    this.open[index].address = this.words.slice(at + 1, end);
    this.close(index, this.piece("]", "a"));
    this.at = end + 1;
    this.dead = this.open.length; // a link contains no link
    return end + 1;
  }

  lastBracket() {
    for (let index = this.open.length - 1; index >= this.dead; index -= 1) {
      if (this.open[index].kind === "a") return index;
    }
    return null;
  }

  /** Take a bracket out of `open`. At most two stars come after it. @param {number} index */
  forget(index) {
    this.open.splice(index, 1);
    for (const [kind, place] of this.stars) if (place > index) this.stars.set(kind, place - 1);
  }

  /** @param {number} at */
  endOfAddress(at) {
    const { words } = this;
    if (words[at] !== "(") return null;
    if (this.addressEnd <= at) {
      ADDRESS_END.lastIndex = at;
      this.addressEnd = ADDRESS_END.exec(words)?.index ?? words.length;
    }
    return words[this.addressEnd] === ")" ? this.addressEnd : null;
  }

  /** Join a mark with its partner. The open marks between them are text. @param {number} index @param {Piece} closing */
  close(index, closing) {
    const opening = this.open[index];
    this.open.length = index;
    for (const [kind, place] of [...this.stars]) if (place >= index) this.stars.delete(kind);
    this.dead = Math.min(this.dead, index);
    opening.opens = closing.closes = true;
  }

  /** @param {string} words */
  text(words) {
    if (words) this.piece(words, null);
  }

  /** @param {string} words @param {Mark['kind'] | null} kind */
  piece(words, kind) {
    const piece = { words, kind, opens: false, closes: false, address: "", at: this.at };
    this.at += words.length;
    this.found.push(piece);
    return piece;
  }
}

/** @param {Piece[]} pieces */
function built(pieces) {
  /** @type {Inline[]} */
  const whole = [];
  const lists = [whole];
  for (const { words, kind, opens, closes, address } of pieces) {
    const inside = /** @type {Inline[]} */ (lists.at(-1));
    const last = inside.at(-1);
    if (closes) lists.pop();
    else if (opens && kind) {
      const mark = { kind, address, inside: [] };
      inside.push(mark);
      lists.push(mark.inside);
    } else if (typeof last === "string") inside[inside.length - 1] = last + words;
    else inside.push(words);
  }
  return whole;
}
