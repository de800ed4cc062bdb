// k6: editors and readers on the patch lane.
//
//   k6 run -e LOAD_KEY=… -e LOAD_SECRET=… bench/k6/patch.js
//
// Every edit is a splice of the editor's own text. `weft_ack_ms` is from the edit until its ack;
// `weft_peer_ms` is from the edit until another client has it. At the end each editor finds its
// accepted edits in the document. docs/load-testing.md has the settings.

import { options as made } from "./figures.js";
import { PatchClient } from "./patch_client.js";
import { partOf } from "./plan.js";
import { settings } from "./settings.js";

export { setup, teardown } from "./plan.js";

export const options = made({ clients: settings.clients, readers: settings.readers });

/** @param {import("./plan.js").Plan} plan */
export function clients(plan) {
  return new PatchClient(partOf(plan, "p", settings.clients), { edits: true }).run();
}

/** @param {import("./plan.js").Plan} plan */
export function readers(plan) {
  return new PatchClient(partOf(plan, "q", settings.readers), { edits: false }).run();
}
