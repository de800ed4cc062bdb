// What a load test measures, and when a run has failed.

import { Counter, Rate, Trend } from "k6/metrics";
import { settings } from "./settings.js";

export const ack = new Trend("weft_ack_ms", true);
export const peer = new Trend("weft_peer_ms", true);
export const opening = new Trend("weft_open_ms", true);
export const read = new Trend("weft_read_ms", true);
/** How late the timers of the tool are. */
export const lag = new Trend("weft_lag_ms", true);
export const up = new Trend("weft_up_bytes_per_second");
export const down = new Trend("weft_down_bytes_per_second");

/** Accepted edits. On the Yjs lane, which has no acks: edits that were sent. */
export const edits = new Counter("weft_edits");
export const reads = new Counter("weft_reads");
/** Accepted edits that are not in the document at the end. */
export const lost = new Counter("weft_lost");
/** Edits that are in the document twice. */
export const twice = new Counter("weft_twice");
export const unanswered = new Counter("weft_unanswered");
/** Edits of others that a client did not have at the end. */
export const unseen = new Counter("weft_unseen");
/** Versions that a client never received. */
export const gaps = new Counter("weft_gaps");
export const closed = new Counter("weft_closed");
export const pauses = new Counter("weft_pauses");
export const behind = new Counter("weft_behind");
export const merged = new Counter("weft_merged");
export const resyncs = new Counter("weft_resyncs");

/** Shares of all answers to edits. */
const shares = {
  rate_limited: new Rate("weft_rate_limited"),
  stale: new Rate("weft_stale"),
  conflict: new Rate("weft_conflict"),
  refused: new Rate("weft_refused"),
};

/** Counts an answer to an edit. @param {"" | keyof typeof shares} what `""`: it was accepted */
export function answered(what) {
  for (const [name, share] of Object.entries(shares)) share.add(name === what);
}

/** The share that a refusal belongs to. @param {string} code @returns {keyof typeof shares} */
export function shareOf(code) {
  if (code === "rate_limited" || code === "conflict") return code;
  return code === "unknown_version" ? "stale" : "refused";
}

const times = (/** @type {string} */ name) => [
  `p(95)<=${settings[`${name}_p95_ms`]}`,
  `p(99)<=${settings[`${name}_p99_ms`]}`,
];

/** Every limit of a run. k6 exits with 99 when one of them is broken. */
export const thresholds = {
  weft_ack_ms: times("ack"),
  weft_peer_ms: times("peer"),
  weft_read_ms: times("read"),
  weft_lag_ms: [`p(95)<=${settings.lag_p95_ms}`],
  weft_up_bytes_per_second: [`max<=${settings.up_bytes}`],
  weft_down_bytes_per_second: [`max<=${settings.down_bytes}`],
  weft_edits: ["count>0"],
  weft_lost: ["count==0"],
  weft_twice: ["count==0"],
  weft_unanswered: ["count==0"],
  weft_unseen: ["count==0"],
  weft_gaps: ["count==0"],
  weft_closed: [`count<=${settings.closed}`],
  weft_rate_limited: [`rate<=${settings.rate_limited}`],
  weft_stale: [`rate<=${settings.stale}`],
  weft_conflict: [`rate<=${settings.conflict}`],
  weft_refused: [`rate<=${settings.refused}`],
};

/**
 * The options of a script. Each group of clients has a scenario: a function of the script.
 * @param {Record<string, number>} groups how many clients run which function
 */
export function options(groups) {
  const most = settings.ramp_seconds + settings.seconds + settings.drain_seconds + 60;
  const scenarios = /** @type {Record<string, object>} */ ({});
  for (const [name, count] of Object.entries(groups)) {
    if (count)
      scenarios[name] = {
        executor: "per-vu-iterations",
        exec: name,
        vus: count,
        iterations: 1,
        maxDuration: `${Math.ceil(most)}s`,
        gracefulStop: "0s",
      };
  }
  return {
    scenarios,
    thresholds,
    setupTimeout: "120s",
    teardownTimeout: "120s",
    summaryTrendStats: ["min", "med", "p(95)", "p(99)", "max", "count"],
  };
}
