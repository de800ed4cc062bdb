// The status page: fetches the numbers every two seconds while the page is visible.

import { Cards } from "./cards.js";
import { SPAN } from "./chart.js";
import * as format from "./format.js";
import { showConnections, showDocuments } from "./lists.js";
import { forgetToken, takeToken, token } from "./token.js";

const EVERY = 2000;
const AGAIN = 5000;

const $ = (id) => document.getElementById(id);
const cards = new Cards($("cards"));
const KINDS = { sqlite: "SQLite", postgresql: "PostgreSQL" };

// The worker whose numbers this page shows; empty: the first one that answers.
let worker = new URLSearchParams(location.search).get("worker") ?? "";
let samples = null;
let timer = 0;
let isAsking = false;
let seenAt = "";
let refused = "";

takeToken(location.hash);
$("entrance").addEventListener("submit", (event) => {
  event.preventDefault();
  takeToken(`#token=${$("token").value.trim()}`);
  $("token").value = "";
  ask();
});
document.addEventListener("visibilitychange", () => {
  // While the page asks for a token, what it says and the focus stay.
  if (!document.hidden && $("entrance").hidden) ask();
});
ask();

async function ask() {
  if (isAsking) return;
  clearTimeout(timer);
  isAsking = true;
  let wait = EVERY;
  try {
    const since = samples?.at.at(-1) ?? 0;
    const headers = token() ? { Authorization: `Bearer ${token()}` } : {};
    const which = worker && `&worker=${encodeURIComponent(worker)}`;
    const answer = await fetch(`status.json?since=${since}${which}`, { headers, cache: "no-store" });
    if (answer.ok) {
      show(await answer.json());
    } else if (answer.status === 401 || answer.status === 403) {
      const refusal = await refusalOf(answer);
      if (!token()) {
        turnAway();
        return;
      }
      // Try again without a token, because in demo mode the page needs no token.
      refused = refusal;
      forgetToken();
      wait = 0;
    } else {
      wait = lost(`The server answered with HTTP status ${answer.status}.`);
    }
  } catch {
    wait = lost("The server does not answer.");
  } finally {
    isAsking = false;
  }
  if (!document.hidden) timer = setTimeout(ask, wait);
}

function show(report) {
  refused = "";
  worker = report.worker ? `${report.worker}` : "";
  seenAt = new Date().toLocaleTimeString();
  keep(report.samples, report.now);
  $("entrance").hidden = true;
  $("numbers").hidden = false;
  cards.show(samples, report.now);
  showConnections($("connections").tBodies[0], $("connections-note"), report);
  showDocuments($("documents").tBodies[0], $("documents-note"), report);
  showFacts(report);
  showWorkers(report);
  showHealth(report);
}

// Appends the new samples, and drops samples that are older than the chart. Samples from before a
// restart of the server stay until they are that old.
function keep(fresh, now) {
  if (!samples) {
    samples = fresh;
    return;
  }
  const from = samples.at.findIndex((at) => at > now - SPAN);
  for (const [name, values] of Object.entries(fresh)) {
    samples[name] = (from < 0 ? [] : samples[name].slice(from)).concat(values);
  }
}

function showFacts(report) {
  const { storage } = report;
  const facts = [
    ["Tenant", report.tenant],
    ["Up for", format.duration(report.uptime_ms)],
    ["Storage", KINDS[storage.kind] ?? storage.kind],
    ["Version", report.version],
  ];
  if (storage.audit_waiting > 1000) facts.push(["Audit rows waiting", `${storage.audit_waiting}`]);
  $("facts").replaceChildren(
    ...facts.map(([name, value]) => {
      const pair = document.createElement("div");
      const term = document.createElement("dt");
      const what = document.createElement("dd");
      term.textContent = name;
      what.textContent = value;
      pair.append(term, what);
      return pair;
    }),
  );
}

// Links to this page with the numbers of each worker. They stay the same elements, so a link keeps its focus.
function showWorkers({ worker, workers }) {
  const home = $("workers");
  home.hidden = !workers;
  if (!workers || home.dataset.shown === `${worker} of ${workers}`) return;
  home.dataset.shown = `${worker} of ${workers}`;
  const links = Array.from({ length: workers }, (_, index) => {
    const link = document.createElement("a");
    link.href = `?worker=${index + 1}`;
    link.textContent = `${index + 1}`;
    if (index + 1 === worker) link.ariaCurrent = "page";
    return link;
  });
  home.replaceChildren("Worker", ...links);
}

function showHealth({ storage }) {
  if (storage.draining) {
    say("Restarting", "warning");
    warn("The server is stopping. It tells every client when to reconnect.");
  } else if (storage.read_only) {
    say("Read-only", "danger");
    const documents =
      storage.read_only === 1
        ? "One document is read-only."
        : `${storage.read_only} documents are read-only.`;
    warn(
      `The database accepts no edits. ${documents} Weft tries again. Check the database and its disk.`,
      "danger",
    );
  } else {
    say("Running", "good");
    warn("");
  }
}

function lost(sentence) {
  say("Not reachable", "danger");
  const shown = seenAt && ` The numbers below are from ${seenAt}.`;
  warn(`${sentence} This page tries again every ${AGAIN / 1000} seconds.${shown}`, "danger");
  return AGAIN;
}

async function refusalOf(answer) {
  const problem = await answer.json().catch(() => ({}));
  return sentence(problem.detail ?? "the server did not accept this token");
}

function turnAway() {
  $("refused").hidden = !refused;
  $("refused").textContent = refused;
  refused = "";
  samples = null;
  say("Token needed", "");
  warn("");
  $("facts").replaceChildren();
  $("numbers").hidden = true;
  $("entrance").hidden = false;
  $("token").focus();
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function say(word, kind) {
  const pill = $("health");
  if (pill.textContent === word) return;
  pill.textContent = word;
  pill.className = `pill ${kind}`.trim();
}

function warn(sentence, kind = "") {
  const banner = $("trouble");
  banner.hidden = !sentence;
  if (banner.textContent !== sentence) banner.textContent = sentence;
  banner.className = `banner ${kind}`.trim();
}
