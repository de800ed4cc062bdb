// k6: clients of all kinds in the same documents: patch lane, Yjs lane, and HTTP by turns.
//
//   k6 run -e LOAD_KEY=… -e LOAD_SECRET=… bench/k6/mixed.js
//
// HTTP edits are without `If-Match` here, as those of an agent. docs/load-testing.md has the settings.

import { options as made } from "./figures.js";
import { HttpEditor, HttpReader } from "./http_client.js";
import { PatchClient } from "./patch_client.js";
import { addressOf, partOf } from "./plan.js";
import { settings } from "./settings.js";
import { YjsClient } from "./yjs_client.js";

export { setup, teardown } from "./plan.js";

export const options = made({ clients: settings.clients, readers: settings.readers });

/** @param {import("./plan.js").Plan} plan */
export function clients(plan) {
  const part = partOf(plan, "m", settings.clients);
  if (part.kind(3) === 0) return new PatchClient(part, { edits: true }).run();
  if (part.kind(3) === 1) return new YjsClient(part, { edits: true }).run();
  return new HttpEditor(part, { isStrict: false }).run();
}

/** @param {import("./plan.js").Plan} plan */
export function readers(plan) {
  const part = partOf(plan, "n", settings.readers);
  if (part.kind(3) === 0) return new PatchClient(part, { edits: false }).run();
  if (part.kind(3) === 1) return new YjsClient(part, { edits: false }).run();
  return new HttpReader(part, addressOf(part.doc), "draft").run();
}
