// A page that two tabs edit. It uses the SDK of the server that serves it.

import { advice } from "/sdk/advice.js";
import { connect } from "/sdk/weft.js";

const page = connect({
  url: location.origin,
  document: "two-tabs",
  token: guestToken,
  create: {
    title: "Two tabs, one page",
    text: "Write here. In the other tab, write here too.",
    list: [
      { id: "open", text: "Open a second tab", done: false },
      { id: "type", text: "Type in both", done: false },
    ],
  },
});

const find = (selector) => document.querySelector(selector);
const COLOURS = ["#2f7de1", "#d9581f", "#1f9d62", "#9a55e0", "#d63c7f", "#0f93a8"];

// --- the fields --------------------------------------------------------------------------------

for (const element of document.querySelectorAll("[data-pointer]")) page.text(element.dataset.pointer).bind(element);

page.subscribe("/list", (list = []) => find("#list").replaceChildren(...list.map(line)));

function line({ id, text, done }, index) {
  const item = document.createElement("li");
  const label = item.appendChild(document.createElement("label"));
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: done });
  box.addEventListener("change", () => page.set(`/list/${index}/done`, box.checked));
  label.append(box, text);
  const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "Remove" });
  remove.setAttribute("aria-label", `Remove “${text}”`);
  remove.addEventListener("click", () => page.patch([{ op: "remove", path: `/list/${index}` }]));
  item.dataset.id = id;
  item.append(remove);
  return item;
}

find("#add").addEventListener("click", () => {
  const id = `line-${Math.random().toString(36).slice(2, 8)}`;
  page.patch([{ op: "add", path: "/list/-", value: { id, text: `A line of ${page.name}`, done: false } }]);
});

// --- undo --------------------------------------------------------------------------------------

find("#undo").addEventListener("click", () => page.undo().catch(tell));
find("#redo").addEventListener("click", () => page.redo().catch(tell));

// --- what goes wrong ---------------------------------------------------------------------------

const LASTING = ["memory_only", "storage_full"];
const READ_ONLY = "You can read this page, but not change it.";
let trouble = null; // an error, while it lasts

page.on("error", tell);
page.on("link", ({ link }) => {
  if (link === "online" && !LASTING.includes(trouble?.code)) trouble = null;
  showTrouble();
});
page.on("attention", showTrouble);

// The person at the page reads the advice. The message is for developers.
function tell(error) {
  trouble = error;
  console.warn(`${error.code}: ${error.message}`);
  showTrouble();
}

function showTrouble() {
  const change = trouble ? undefined : page.attention.at(-1);
  let text = page.mode === "read-only" ? READ_ONLY : "";
  if (change) text = `${advice(change)}${values(change)}`;
  if (trouble) text = advice(trouble);
  if (find("#trouble p").textContent !== text) find("#trouble p").textContent = text;
  find("#trouble").hidden = !text;
  find("#trouble").classList.toggle("calm", text === READ_ONLY);
  const isOverwritten = change?.reason === "overwritten";
  find("#again").textContent = isOverwritten ? "Take theirs" : "Try again";
  find("#discard").textContent = isOverwritten ? "Keep mine" : "Discard";
  for (const button of document.querySelectorAll("#trouble button")) button.hidden = !change;
}

function values({ reason, yours, theirs }) {
  const value = reason === "overwritten" ? theirs : yours;
  if (typeof value !== "string" || !value) return "";
  const short = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return reason === "overwritten" ? ` They wrote “${short}”.` : ` You wrote “${short}”.`;
}

// A change that the server did not accept, or that replaced what another guest wrote, waits here
// until the person decides.
find("#again").addEventListener("click", () =>
  decide((change) => (change.reason === "overwritten" ? change.takeTheirs() : change.reapply())),
);
// Someone who types on makes several such changes of one field. One decision discards all of them.
find("#discard").addEventListener("click", () =>
  decide(({ path, reason }) => {
    for (const change of page.attention) if (change.path === path && change.reason === reason) change.discard();
  }),
);

function decide(decision) {
  try {
    decision(page.attention.at(-1));
  } catch (error) {
    tell(error);
  }
}

// --- the people and the state ------------------------------------------------------------------

page.ready.then(() => {
  find("fieldset").disabled = page.mode === "read-only";
  showTrouble();
}, tell);
page.subscribe("", (value) => (find("#json").textContent = JSON.stringify(value, null, 2)));
page.on("status", showStatus);
page.presence.on("change", showPeople);

// The others see this colour beside the name, and at the caret.
const own = COLOURS[Math.floor(Math.random() * COLOURS.length)];
page.presence.set({ color: own });

const SAVED = {
  saved: ["Saved", "good"],
  saving: ["Saving", ""],
  unsaved: ["Not saved yet", "warning"],
};

function showStatus() {
  const isAway = ["offline", "reconnecting", "refused"].includes(page.link);
  const [text, kind] = page.link === "connecting" ? ["Connecting", ""] : SAVED[page.saved];
  const isRead = page.mode === "read-only" && page.saved === "saved";
  const isRefused = page.saved === "saved" && page.attention.some(({ reason }) => reason !== "overwritten");
  let shown = [text, kind];
  if (isRefused) shown = ["Needs a decision", "warning"];
  if (isRead) shown = ["Read only", ""];
  if (isAway) shown = [page.saved === "saved" ? "No connection" : text, "warning"];
  find("#saved").textContent = shown[0];
  find("#saved").className = `pill ${shown[1]}`;
  find("#undo").disabled = !page.canUndo;
  find("#redo").disabled = !page.canRedo;
  find("#version").textContent = page.version ? `version ${page.version}` : "";
  if (page.name && find("#people").dataset.name !== page.name) showPeople();
}

function showPeople() {
  const people = find("#people");
  people.dataset.name = page.name;
  const others = page.presence.others.filter(({ state }) => state);
  people.replaceChildren(person(`${page.name} (you)`, own), ...others.map(({ name, state }) => person(name, state.color)));
  for (const field of document.querySelectorAll("[data-pointer]")) {
    const here = others.filter(({ state }) => state.cursor?.path === field.dataset.pointer);
    find(`#${field.id}-here`).replaceChildren(...here.map(({ name, state }) => person(`${name} is here`, state.color)));
  }
}

function person(text, color) {
  const item = Object.assign(document.createElement("span"), { textContent: text, className: "person" });
  item.style.setProperty("--person", color);
  return item;
}

// --- the guest ---------------------------------------------------------------------------------

// A token of the demo. This tab keeps it, so a reload is the same guest. Before the token expires,
// the server renews it for this guest.
async function guestToken() {
  const kept = JSON.parse(sessionStorage.getItem("weft.guest") ?? "null");
  if (kept && Date.parse(kept.expires_at) > Date.now() + 120_000) return kept.token;
  const headers = kept ? { Authorization: `Bearer ${kept.token}` } : {};
  const answer = await fetch("/v1/demo/token", { method: "POST", headers });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  const guest = await answer.json();
  sessionStorage.setItem("weft.guest", JSON.stringify(guest));
  return guest.token;
}
