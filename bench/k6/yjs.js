// k6: editors and readers on the Yjs lane.
//
//   k6 run -e LOAD_KEY=… -e LOAD_SECRET=… bench/k6/yjs.js
//
// The lane has no acks: `weft_peer_ms` is from the edit until another client has it, so it includes
// the commit. At the end each editor finds every edit that it sent in the document.
// docs/load-testing.md has the settings.

import { options as made } from "./figures.js";
import { partOf } from "./plan.js";
import { settings } from "./settings.js";
import { YjsClient } from "./yjs_client.js";

export { setup, teardown } from "./plan.js";

export const options = made({ clients: settings.clients, readers: settings.readers });

/** @param {import("./plan.js").Plan} plan */
export function clients(plan) {
  return new YjsClient(partOf(plan, "y", settings.clients), { edits: true }).run();
}

/** @param {import("./plan.js").Plan} plan */
export function readers(plan) {
  return new YjsClient(partOf(plan, "z", settings.readers), { edits: false }).run();
}
