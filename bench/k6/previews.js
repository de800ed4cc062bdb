// k6: few editors, and many viewers that only read.
//
//   k6 run -e LOAD_KEY=… -e LOAD_SECRET=… -e LOAD_CLIENTS=2 -e LOAD_READERS=100 bench/k6/previews.js
//
// Every second viewer is a live preview on the patch lane, with 20 merged changes a second at most.
// The others read the published value. docs/load-testing.md has the settings.

import { options as made } from "./figures.js";
import { HttpReader } from "./http_client.js";
import { PatchClient } from "./patch_client.js";
import { partOf, publishedOf } from "./plan.js";
import { settings } from "./settings.js";

export { setupPublished as setup, teardown } from "./plan.js";

settings.max_fps ||= 20;

export const options = made({ clients: settings.clients, readers: settings.readers });

/** @param {import("./plan.js").Plan} plan */
export function clients(plan) {
  return new PatchClient(partOf(plan, "p", settings.clients), { edits: true }).run();
}

/** @param {import("./plan.js").Plan} plan */
export function readers(plan) {
  const part = partOf(plan, "q", settings.readers);
  if (part.kind(2)) return new HttpReader(part, publishedOf(part.doc), "published").run();
  return new PatchClient(part, { edits: false }).run();
}
