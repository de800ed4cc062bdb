// The settings of a load test: environment variables, checked before the first request.
//
// `../load/settings.json` lists them, for locust too. docs/load-testing.md explains them.

import encoding from "k6/encoding";

/** @typedef {{name: string, kind: string, default: any, least?: number, most?: number}} Row */

/** Marks in one document, in bytes: more would make the test measure a growing document. */
const MOST_MARKS = 2_000_000;
const MARK_BYTES = 22; // of locust; those of k6 are up to three bytes shorter
const PAIRS = ["ack", "peer", "read"];

/** @type {Row[]} */
const rows = JSON.parse(open("../load/settings.json"));

/** @param {Record<string, string>} env @returns {Record<string, any>} the settings, in lower case and without `LOAD_` */
function read(env) {
  const problems = /** @type {string[]} */ ([]);
  const known = rows.map(({ name }) => name);
  for (const name of Object.keys(env)) {
    if (name.startsWith("LOAD_") && !known.includes(name)) problems.push(`${name} is no setting`);
  }
  const found = /** @type {Record<string, any>} */ ({});
  for (const row of rows) found[row.name.slice(5).toLowerCase()] = value(row, env[row.name], problems);
  if (!problems.length) problems.push(...together(found));
  if (problems.length)
    throw new Error(
      `The load test did not start: ${problems.join("; ")}. docs/load-testing.md lists the settings.`,
    );
  return found;
}

/** @param {Row} row @param {string | undefined} text @param {string[]} problems */
function value(row, text, problems) {
  if (text === undefined || text === "") return row.default;
  const { name, kind, least = 0, most = Infinity } = row;
  const refuse = (/** @type {string} */ what) => (
    problems.push(`${name} must be ${what}, not '${text}'`),
    row.default
  );
  if (kind === "whole" || kind === "number") {
    const number = Number(text);
    const isRight =
      text.trim() !== "" && Number.isFinite(number) && (kind === "number" || Number.isInteger(number));
    if (isRight && number >= least && number <= most) return number;
    return refuse(`a ${kind === "whole" ? "whole number" : "number"} from ${least} to ${most}`);
  }
  if (kind === "url")
    return /^https?:\/\/[^/?#]+\/?$/.test(text)
      ? text.replace(/\/$/, "")
      : refuse("an origin such as https://weft.example");
  if (kind === "doc")
    return /^[A-Za-z0-9][A-Za-z0-9._:~-]{0,99}$/.test(text) ? text : refuse("the name of a document");
  if (kind === "mix")
    return ["patch", "yjs", "http", "previews", "mixed"].includes(text)
      ? text
      : refuse("patch, yjs, http, previews or mixed");
  return text;
}

/** Problems of values that do not go together. @param {Record<string, any>} found */
function* together(found) {
  const hasKey = found.key !== "" && found.secret !== "";
  if (!hasKey && (found.key !== "" || found.secret !== ""))
    yield "LOAD_KEY and LOAD_SECRET go together: `weft key add --show` prints both";
  else if (hasKey && found.token !== "") yield "give LOAD_KEY and LOAD_SECRET, or LOAD_TOKEN, not both";
  else if (!hasKey && found.token === "")
    yield "give LOAD_KEY and LOAD_SECRET of `weft key add --show`, or LOAD_TOKEN";
  else if (hasKey && !isBase64(found.secret))
    yield "LOAD_SECRET is no base64url text: copy the second line of `weft key add --show`";
  for (const pair of PAIRS) {
    if (found[`${pair}_p95_ms`] > found[`${pair}_p99_ms`])
      yield `LOAD_${pair.toUpperCase()}_P95_MS is above LOAD_${pair.toUpperCase()}_P99_MS`;
  }
  if (found.docs > found.clients + found.readers)
    yield "LOAD_DOCS is above the number of clients and readers: some documents would have no client";
  const marks = (found.clients * found.rate * found.seconds * MARK_BYTES) / found.docs;
  if (marks > MOST_MARKS)
    yield `so many edits would add ${(marks / 1e6).toFixed(1)} MB to each document: use more LOAD_DOCS, or fewer LOAD_SECONDS`;
}

/** @param {string} text */
function isBase64(text) {
  try {
    return encoding.b64decode(text.replace(/=+$/, ""), "rawurl").byteLength >= 16;
  } catch {
    return false;
  }
}

export const settings = read(__ENV);
