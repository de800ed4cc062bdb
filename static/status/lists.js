// The lists: the connections, slow ones first, and the open documents.

import * as format from "./format.js";

const LANES = { patch: "patches", yjs: "Yjs" };
const CAUSES = {
  socket: "does not read fast enough",
  budget: "over its byte budget",
};
const STATES = {
  read_only: "read-only: the database accepts no edits",
  fetching: "loading",
};

export function showConnections(home, note, report) {
  const { connections, connections_total: total } = report;
  const slow = connections.filter((each) => each.cause).length;
  note.textContent = [
    total === connections.length ? `${total}` : `${connections.length} of ${total}`,
    slow ? `${slow} behind` : total ? "all up to date" : "",
  ]
    .filter(Boolean)
    .join(", ");
  fill(home, connections.map(connectionRow), "No client is connected.");
}

function connectionRow(each) {
  const row = document.createElement("tr");
  const who = cell(each.name || each.user, `${each.role} · ${LANES[each.lane]}`);
  // Shown on narrow screens, which hide the column of the document.
  who.querySelector("small").prepend(mark("narrow", `${each.doc} · `));
  row.append(
    who,
    cell(each.doc, each.address, "wide"),
    state(each),
    number(each.buffered ? format.text(format.bytes(each.buffered)) : "–", "wide"),
    number(format.text(format.bytes(each.sent)), "wide"),
    number(format.briefly(each.for_ms), "wide"),
  );
  return row;
}

function state(each) {
  return each.cause
    ? cell(mark("slow", behind(each.behind)), CAUSES[each.cause], "state")
    : cell("up to date", "", "state");
}

function behind({ versions, bytes }) {
  const changes = versions === 1 ? "1 change" : `${format.text(format.count(versions))} changes`;
  return bytes ? `${changes}, ${format.text(format.bytes(bytes))} behind` : `${changes} behind`;
}

export function showDocuments(home, note, report) {
  const { documents, documents_total: total } = report;
  note.textContent = total === documents.length ? `${total} open` : `${documents.length} of ${total}`;
  fill(home, documents.map(documentRow), "No document is open.");
}

function documentRow(each) {
  const row = document.createElement("tr");
  const state = STATES[each.state];
  row.append(
    cell(each.doc, state ? mark("bad", state) : "", "name"),
    number(format.text(format.count(each.version))),
    number(format.text(format.count(each.connections))),
    number(each.behind ? mark("slow", `${each.behind}`) : "–"),
    number(each.locks ? format.text(format.count(each.locks)) : "–", "wide"),
  );
  return row;
}

// Hidden columns do not count: a cell that spans them would make the rows wider than the head.
function shownColumns(table) {
  const isShown = (each) => getComputedStyle(each).display !== "none";
  return [...table.tHead.rows[0].cells].filter(isShown).length;
}

function fill(home, rows, nothing) {
  if (!rows.length) {
    const row = document.createElement("tr");
    const only = document.createElement("td");
    only.className = "empty";
    only.colSpan = shownColumns(home.closest("table"));
    only.textContent = nothing;
    row.append(only);
    rows = [row];
  }
  home.replaceChildren(...rows);
}

// Users choose names freely, so a name is set as text, never as markup.
function cell(content, below = "", className = "") {
  const made = document.createElement("td");
  if (className) made.className = className;
  made.append(content);
  if (typeof content === "string") made.title = content;
  if (below) {
    const small = document.createElement("small");
    small.append(below);
    if (typeof below === "string") small.title = below;
    made.append(small);
  }
  return made;
}

function number(content, extra = "") {
  return cell(content, "", `number ${extra}`.trim());
}

function mark(className, text) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}
