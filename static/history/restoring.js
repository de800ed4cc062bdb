// Restores the page or one section as it was. The server makes a new change of it, which can be undone.

import { confirmed, openDialog } from "../ui/dialog.js";
import { h } from "../ui/elements.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../editor/workspace.js").Workspace} Workspace */

const MOST_OF_A_NAME = 200;
/** Why the server refused something about versions, by code. @type {Record<string, string>} */
const REFUSALS = {
  forbidden: "You may not do this. Ask a person who may publish this page.",
  invalid_document: "That version does not fit the rules of this page any more.",
  not_found: "This page does not exist any more.",
  offline: "This needs a connection. Try again when you are online.",
  path_not_found: "The page that had this section is gone. Restore the whole page instead.",
  quota_exceeded: "This page has as many named versions as it may have.",
  rate_limited: "The server is busy. Wait a moment, and try again.",
  stale_lock: "Another person has locked a part of this. Try again when it is free.",
  storage_unavailable: "The server is busy. Wait a moment, and try again.",
  too_large: "That version is too large to be restored at once. Restore it section by section.",
  unauthenticated: "Your link to this page has ended. Close the history, and enter a new token.",
  unknown_version: "The server does not keep that version any more.",
};

/** A refusal in the words of a user. @param {any} error */
export function refusal(error) {
  const { code, lock } = error ?? {};
  if (code === "locked") {
    const { name, user } = lock?.holder ?? {};
    return `${name || user || "Another person"} has locked a part of this. Ask for the lock, or try again when it is free.`;
  }
  return REFUSALS[code] ?? "The server could not do this. Try again.";
}

/** Whether a user may restore. @param {Workspace} workspace */
export function mayRestore({ page, canEdit }) {
  return canEdit && /^(publisher|admin)$/.test(page.role);
}

/** Whether a user may name versions. @param {Workspace} workspace */
export function mayName({ page }) {
  return /^(editor|publisher|admin)$/.test(page.role);
}

/** @param {Workspace} workspace @param {{version: number, pointer?: string, words: string, time: string}} what `time` is when the version was made */
export async function restore(workspace, { version, pointer, words, time }) {
  const { page } = workspace;
  try {
    if (page.link !== "online") throw { code: "offline" };
    const made = /** @type {any} */ (await page.history.restore(version, pointer));
    if (made.ops && !made.ops.length) return void toast(`${words} is like this already.`);
    const undo = async () => {
      try {
        const { undone, skipped } = await page.undo({ version: made.version });
        if (!undone.length && !skipped.length) toast("This was taken back already.");
      } catch (error) {
        toast(refusal(error), { tone: "warning" });
      }
    };
    const isMoved = pointer && made.ops?.some((/** @type {any} */ { op }) => op === "move");
    const place = isMoved ? ", and put it back in its place" : "";
    const close = toast(`Restored ${words} as it was at ${time}${place}`, {
      action: "Undo",
      onAction: () => void undo(),
      onClose: () => end(),
    });
    const end = workspace.on(
      "undone",
      (steps) => steps.some((/** @type {any} */ step) => step.version === made.version) && close(),
    );
  } catch (error) {
    toast(refusal(error), { tone: "warning" });
  }
}

/** @param {Workspace} workspace @param {{version: number, time: string}} what */
export async function restoreAll(workspace, { version, time }) {
  const agreed = await confirmed({
    title: "Restore the whole page?",
    words: `Everything becomes as it was at ${time}: all sections, the style and the settings. What was changed since stays in the history, and Undo takes the restore back.`,
    yes: "Restore the page",
  });
  if (agreed) await restore(workspace, { version, words: "the page", time });
}

/** Ask for the name of a version. @param {Workspace} workspace @param {{version: number, name?: string}} what @param {(name: string) => void} named */
export function nameVersion({ page }, { version, name = "" }, named) {
  const field = h("input", {
    id: "version-name",
    maxlength: MOST_OF_A_NAME,
    autocomplete: "off",
    value: name,
  });
  const problem = h("p", { class: "problem", role: "alert" });
  const save = async () => {
    const wanted = field.value.trim();
    if (!wanted) return void (problem.textContent = "A name needs at least one letter.");
    try {
      await page.history.name(version, wanted);
      dialog.close();
      named(wanted);
    } catch (error) {
      problem.textContent = refusal(error);
    }
  };
  const form = h(
    "form",
    { class: "stack", id: "name-form" },
    h("p", {}, "A version with a name is kept for good, and is easy to find."),
    h("label", { for: "version-name" }, "Name"),
    field,
    problem,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void save();
  });
  const dialog = openDialog({
    title: name ? "Rename this version" : "Name this version",
    body: [form],
    kind: "sheet",
    actions: [
      h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button", { class: "primary", form: "name-form" }, "Save"),
    ],
  });
  field.select();
}
