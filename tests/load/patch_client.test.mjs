// What a k6 client does on the patch lane: pauses, retries, and comes back. test_patch_session.py
// has the same rules for locust.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { register } from "node:module"
import { beforeEach, test } from "node:test"

register("./k6_modules.mjs", import.meta.url)
globalThis.__ENV = { LOAD_TOKEN: "t", LOAD_WINDOW: "3" }
globalThis.open = (path) => readFileSync(new URL(path, new URL("../../bench/k6/x.js", import.meta.url)), "utf8")
globalThis.figures = []

let sockets = []
class Socket {
  readyState = 1
  sent = []
  listeners = {}
  constructor() {
    sockets.push(this)
  }
  addEventListener(name, listener) {
    this.listeners[name] = listener
  }
  send(text) {
    this.sent.push(JSON.parse(text))
  }
  receive(...messages) {
    this.listeners.message({ data: JSON.stringify(messages) })
  }
  take() {
    return this.sent.splice(0)
  }
}
globalThis.require = () => ({ WebSocket: Socket })

// The test runs the timers: those of edits and of the end never come by themselves.
let timers = []
globalThis.setTimeout = (action, ms) => {
  if (ms > 0) timers.push({ action, ms })
  else queueMicrotask(action)
}
globalThis.clearTimeout = () => {}

const { PatchClient } = await import("../../bench/k6/patch_client.js")
const KEY = "marks-r-c0"

let client, socket, made
beforeEach(async () => {
  globalThis.figures.length = made = 0
  sockets = []
  timers = []
  const far = Date.now() + 1e9
  const part = { name: "r-c0", user: "u", doc: "page", connects: 0, leaves: far, due: () => undefined, plan: { last: far } }
  client = new PatchClient(part, { edits: true })
  client.run()
  for (let turn = 0; !sockets.length && turn < 20; turn += 1) await null
  socket = sockets[0]
  socket.listeners.open()
})

const edit = (text = "ab") => {
  const number = made++
  client.make({ number, mark: text, made: Date.now() })
  return `r-c0.${number}`
}
const opened = (version = 1, more = { value: {} }) => ({ type: "opened", epoch: 1, version, ...more })
const ack = (id, version) => ({ type: "ack", id, version })
const reject = (id, code, more = {}) => ({ type: "reject", id, code, message: code, ...more })
const count = (name) => globalThis.figures.filter(([each, value]) => each === `weft_${name}` && Number(value)).length
const start = () => {
  socket.receive(opened())
  socket.take()
}

test("it opens with its token, and asks for splices", () => {
  assert.deepEqual(socket.take(), [{ type: "open", token: "t", client: "r-c0", accept: ["splice"] }])
})

test("edits before the opening are sent after it", () => {
  socket.take()
  edit("ab")
  assert.deepEqual(socket.take(), [])
  socket.receive(opened(4))
  const [{ base, after, ops }] = socket.take()
  assert.deepEqual([base, after, ops], [4, "", [{ op: "add", path: `/${KEY}`, value: "ab" }]])
})

test("an edit names the one before it while that is pending", () => {
  start()
  const [first, second] = [edit("ab"), edit("cde")]
  const [, patch] = socket.take()
  assert.equal(patch.after, first)
  assert.deepEqual(patch.ops, [{ op: "splice", path: `/${KEY}`, offset: 2, delete: 0, insert: "cde" }])
  socket.receive(ack(first, 2), ack(second, 3))
  edit("f")
  const [last] = socket.take()
  assert.deepEqual([last.base, last.after, last.ops[0].offset], [3, "", 5])
})

test("no more edits wait for an answer than the window allows", () => {
  start()
  const requests = [edit(), edit(), edit(), edit(), edit()]
  assert.deepEqual(socket.take().map(({ id }) => id), requests.slice(0, 3))
  socket.receive(ack(requests[0], 2))
  assert.deepEqual(socket.take().map(({ id }) => id), requests.slice(3, 4))
})

test("a pause holds the edits until it is clear", () => {
  start()
  socket.receive({ type: "backpressure", direction: "in", state: "on" })
  const request = edit()
  assert.deepEqual(socket.take(), [])
  socket.receive({ type: "backpressure", direction: "in", state: "clear" })
  assert.deepEqual(socket.take().map(({ id }) => id), [request])
  assert.equal(count("pauses"), 1)
})

test("a rate-limited edit is sent again in order under its id", () => {
  start()
  const [first, second] = [edit("ab"), edit("cd")]
  socket.take()
  socket.receive(reject(first, "rate_limited", { retry_after_ms: 0 }))
  assert.deepEqual(socket.take(), [])
  socket.receive(reject(second, "conflict", { after: first }))
  assert.deepEqual(socket.take().map(({ id, after }) => [id, after]), [[first, ""], [second, first]])
  assert.deepEqual([count("rate_limited"), count("conflict")], [1, 0])
})

test("it waits before it sends again", () => {
  start()
  const request = edit()
  socket.take()
  timers = []
  socket.receive(reject(request, "rate_limited", { retry_after_ms: 700 }))
  assert.deepEqual(socket.take(), [])
  const [{ ms }] = timers
  assert.ok(ms > 500 && ms <= 700)
})

test("a refused edit is dropped, and the next one takes its place", () => {
  start()
  const [first, second] = [edit("ab"), edit("cd")]
  socket.take()
  socket.receive(reject(first, "conflict"), reject(second, "conflict", { after: first }))
  const [patch] = socket.take()
  assert.deepEqual([patch.id, patch.ops], [second, [{ op: "add", path: `/${KEY}`, value: "cd" }]])
  socket.receive(ack(second, 2))
  assert.deepEqual([client.stored, count("conflict")], [[1], 1])
})

test("a client that comes back sends what has no answer", () => {
  start()
  const [first, second] = [edit("ab"), edit("cd")]
  timers = []
  socket.listeners.close({})
  assert.equal(count("closed"), 1)
  timers[0].action()
  socket = sockets[1]
  socket.listeners.open()
  assert.deepEqual(socket.take()[0].since, { epoch: 1, version: 1 })
  socket.receive(opened(2, { changes: [{ type: "change", version: 2, id: first, ops: [] }] }))
  const [patch] = socket.take()
  assert.deepEqual([patch.id, patch.base, patch.ops[0].offset], [second, 2, 2])
  assert.deepEqual(client.stored, [0])
})

test("a resync shows which edits are stored", () => {
  start()
  const text = "~r-c0.0:1;"
  edit(text)
  const second = edit("~r-c0.1:1;")
  client.lose()
  socket.take()
  socket.receive(opened(9, { value: { [KEY]: text }, resync: true }))
  const [patch] = socket.take()
  assert.deepEqual([patch.id, patch.ops[0].offset], [second, text.length])
  assert.deepEqual([client.stored, count("resyncs")], [[0], 1])
})

test("every version comes once", () => {
  start()
  socket.receive({ type: "change", version: 2, ops: [] })
  socket.receive({ type: "change", from: 3, version: 7, ops: [], acks: [] })
  assert.deepEqual([count("gaps"), count("merged")], [0, 1])
  socket.receive({ type: "change", version: 9, ops: [] })
  assert.equal(count("gaps"), 1)
})

test("an ack in a merged change is an answer", () => {
  start()
  const request = edit()
  socket.receive({ type: "change", from: 2, version: 5, ops: [], acks: [ack(request, 3)] })
  assert.deepEqual([client.stored, client.waiting], [[0], 0])
})

test("a final close code ends the client", () => {
  start()
  edit()
  timers = []
  socket.readyState = 3
  socket.listeners.close({ code: 4403 })
  assert.equal(timers.length, 0)
  assert.equal(count("unanswered"), 1)
})

test("a notice says when to come back", () => {
  start()
  socket.receive({ type: "disconnect_notice", code: 4508, retry_after_ms: 9000 })
  timers = []
  socket.listeners.close({ code: 4508 })
  assert.equal(timers[0].ms, 9000)
})
