// What the canvas shows in place of a section that cannot be shown. The rest of the page works.

import { advice } from "/sdk/advice.js";
import { nameOf } from "../templates/sections.js";
import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/elements.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {import("../editor/workspace.js").Workspace} Workspace */

/** @param {Sheet} sheet @param {Workspace} workspace */
export function explainFailures(sheet, workspace) {
  sheet.on("after", () => {
    for (const node of sheet.holder.querySelectorAll("[data-failed]:empty")) {
      const id = sheet.idOf(node) ?? "";
      node.append(
        h("b", {}, "This section cannot be shown"),
        h("p", {}, "The rest of the page works as before, and nothing is lost."),
        h(
          "button",
          { type: "button", class: "button primary", onclick: () => void takeBack(sheet, workspace, id) },
          "Undo",
        ),
        h(
          "button",
          { type: "button", class: "button secondary", onclick: () => void report(sheet, workspace, id) },
          "Report",
        ),
      );
    }
  });
}

/** Take the newest change of the section back, when it is the user's own. @param {Sheet} sheet @param {Workspace} workspace @param {string} id */
async function takeBack(sheet, workspace, id) {
  const { page } = workspace;
  const at = workspace.sectionAt(id)?.at;
  if (at === undefined) return;
  const good = sheet.failures.get(id)?.good;
  if (good && page.link !== "online") return void page.set(at, good);
  try {
    const { items } = await page.history.list({ each: 1, limit: 100 });
    const newest = items.find(({ pointers = [] }) =>
      pointers.some((/** @type {string} */ each) => meets(each, at)),
    );
    if (newest?.by.user === page.user) {
      await page.undo({ version: newest.version });
      workspace.announce("Your newest change of this section was taken back.");
    } else {
      const who = newest
        ? `${newest.by.name} made the newest change of this section.`
        : "This section has not changed lately.";
      toast(`${who} The history of the page has how it was before.`);
    }
  } catch (error) {
    toast(advice(/** @type {any} */ (error)), { tone: "danger" });
  }
}

/** Whether one pointer is inside the other. @param {string} one @param {string} other */
function meets(one, other) {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

/** Copy what a developer needs to know. @param {Sheet} sheet @param {Workspace} workspace @param {string} id */
async function report(sheet, workspace, id) {
  const { page } = workspace;
  const error = sheet.failures.get(id)?.error;
  const section = workspace.sectionAt(id)?.section;
  const details = [
    `Page: ${page.document}, version ${page.version}`,
    `Section: ${section ? nameOf(section) : ""} ${id}`,
    `Error: ${error?.stack ?? error}`,
    `Content: ${JSON.stringify(section)}`,
  ].join("\n");
  try {
    await navigator.clipboard.writeText(details);
    toast("The details are copied. Send them to the people who run this page.");
  } catch {
    const field = h("textarea", { rows: 10, readonly: true, "aria-label": "Details", value: details });
    openDialog({ title: "Details", body: [h("p", {}, "Send this to the people who run this page."), field] });
    field.select();
  }
}
