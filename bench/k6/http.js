// k6: scripts that edit over HTTP, and readers of drafts, of published values and of the history.
//
//   k6 run -e LOAD_KEY=… -e LOAD_SECRET=… bench/k6/http.js
//
// An edit is a read and a PATCH with `If-Match`; a 412 is counted as stale, and tried again.
// Readers send `If-None-Match`. docs/load-testing.md has the settings.

import { options as made } from "./figures.js";
import { HttpEditor, HttpReader } from "./http_client.js";
import { addressOf, partOf, publishedOf } from "./plan.js";
import { settings } from "./settings.js";

export { setupPublished as setup, teardown } from "./plan.js";

export const options = made({ clients: settings.clients, readers: settings.readers });

/** @param {import("./plan.js").Plan} plan */
export function clients(plan) {
  return new HttpEditor(partOf(plan, "h", settings.clients), { isStrict: true }).run();
}

/** @param {import("./plan.js").Plan} plan */
export function readers(plan) {
  const part = partOf(plan, "r", settings.readers);
  const [address, name] = [
    [addressOf(part.doc), "draft"],
    [publishedOf(part.doc), "published"],
    [`${addressOf(part.doc)}/versions?limit=20`, "versions"],
  ][part.kind(3)];
  return new HttpReader(part, address, name).run();
}
