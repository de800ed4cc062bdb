// What a k6 client does on the Yjs lane when it connects again. test_yjs_session.py has the same rules
// for locust.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { register } from "node:module"
import { test } from "node:test"

register("./k6_modules.mjs", import.meta.url)
globalThis.__ENV = { LOAD_TOKEN: "t" }
globalThis.open = (path) => readFileSync(new URL(path, new URL("../../bench/k6/x.js", import.meta.url)), "utf8")
globalThis.figures = []
globalThis.require = () => ({ WebSocket: class {} })

const { YjsClient } = await import("../../bench/k6/yjs_client.js")
const { mark } = await import("../../bench/k6/marks.js")
const { step2, update } = await import("../../bench/k6/yjs_update.js")

// The client reads marks in the bytes, whatever else an update has.
const bytes = (...numbers) => [...Buffer.from(numbers.map((number) => mark("bo", number, Date.now())).join(""))]
const frame = (made) => Uint8Array.from(new Uint8Array(made)).buffer
const count = (name) => globalThis.figures.filter(([each]) => each === `weft_${name}`).length

test("an update that overtakes the answer to step 1 is no gap", () => {
  const client = new YjsClient({ name: "r-c0", user: "u", doc: "page" }, { edits: false })
  client.receive(frame(step2(bytes(0))))
  client.isOpen = false
  client.lose()
  client.receive(frame(update(bytes(2))))
  client.receive(frame(step2(bytes(1, 2))))
  assert.equal(client.sight.missed, 0)
  assert.equal(count("peer_ms"), 2)
})
