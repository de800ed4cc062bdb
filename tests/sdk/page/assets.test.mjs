// Pictures: uploads with progress, the list, and what the server refuses. The server here is a fake.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, beforeEach, test } from 'node:test'
import { request } from '../../../static/sdk/link/http.js'
import { list, delete as remove, upload } from '../../../static/sdk/page/assets.js'

const ASSET = { id: 'a'.repeat(64), url: `/v1/assets/demo/${'a'.repeat(64)}`, type: 'image/png', bytes: 3, width: 2, height: 1 }
let heard = []
let answers = []
let caller

const server = createServer(async (asked, answer) => {
  const parts = []
  for await (const part of asked) parts.push(part)
  const { method, url, headers } = asked
  heard.push({ method, url, headers, body: Buffer.concat(parts).toString('latin1') })
  const [status, body] = answers.shift() ?? [201, ASSET]
  answer.writeHead(status).end(typeof body === 'string' ? body : body && JSON.stringify(body))
})

before(() => new Promise((resolve) => server.listen(0, '127.0.0.1', resolve)))
after(() => server.close())
beforeEach(() => {
  heard = []
  answers = []
  let tokens = 0
  const token = () => `token-${(tokens += 1)}`
  caller = { options: { url: `http://127.0.0.1:${server.address().port}`, token }, env: { fetch }, client: 'tab' }
  delete globalThis.XMLHttpRequest
})

/** An XMLHttpRequest that sends in two parts, and then does what a test says. */
class FakeHttp {
  static last
  headers = {}
  upload = {}
  open (...given) { this.opened = given }
  setRequestHeader (name, value) { this.headers[name] = value }
  abort () { this.wasAborted = true; this.onabort() }
  async send (body) {
    FakeHttp.last = this
    this.body = body
    this.upload.onprogress({ loaded: 0, total: body.size })
    await null
    if (FakeHttp.ends === 'never' || this.wasAborted) return
    this.upload.onprogress({ loaded: body.size, total: body.size })
    if (FakeHttp.ends === 'lost') return this.onerror()
    const [status, answer] = answers.shift() ?? [201, ASSET]
    Object.assign(this, { status, responseText: JSON.stringify(answer) })
    this.onload()
  }
}

function fake (ends) {
  FakeHttp.ends = ends
  globalThis.XMLHttpRequest = FakeHttp
}

test('a file is sent with its type, its name and the token', async () => {
  const file = new File(['abc'], 'ä loaf.png', { type: 'image/png' })
  assert.deepEqual(await upload(request, caller, file), ASSET)
  const [{ method, url, headers, body }] = heard
  assert.deepEqual([method, new URL(url, caller.options.url).searchParams.get('name'), body], ['POST', 'ä loaf.png', 'abc'])
  assert.deepEqual([headers['content-type'], headers.authorization, headers['weft-client']], ['image/png', 'Bearer token-1', 'tab'])
})

test('a Blob, an ArrayBuffer and a part of one are sent as they are', async () => {
  const bytes = new TextEncoder().encode('xabcx')
  for (const given of [new Blob(['abc']), bytes.slice(1, 4).buffer, bytes.subarray(1, 4), new DataView(bytes.buffer, 1, 3)]) {
    await upload(request, caller, given)
    assert.deepEqual([heard.at(-1).url, heard.at(-1).body], ['/v1/assets', 'abc'])
  }
})

test('a name is cut to what the server takes, and need not be well-formed', async () => {
  await upload(request, caller, new Blob(['abc']), undefined, { name: `${'😀'.repeat(300)}.png` })
  await upload(request, caller, new Blob(['abc']), undefined, { name: 'a\ud800b' })
  const names = heard.map(({ url }) => new URL(url, caller.options.url).searchParams.get('name'))
  assert.deepEqual(names, ['😀'.repeat(200), 'a\ufffdb'])
})

test('anything else is no file', async () => {
  for (const given of [undefined, null, 'abc', [1], { size: 3 }]) {
    await assert.rejects(upload(request, caller, given), TypeError)
  }
  assert.deepEqual(heard, [])
})

test('a token that has just expired is asked for again', async () => {
  answers = [[401, { code: 'unauthenticated' }]]
  assert.deepEqual(await upload(request, caller, new Blob(['abc'])), ASSET)
  assert.deepEqual(heard.map(({ headers, body }) => [headers.authorization, body]), [['Bearer token-1', 'abc'], ['Bearer token-2', 'abc']])
})

test('a refusal has its code and the sentence of the server', async () => {
  for (const [status, code] of [[413, 'too_large'], [415, 'unsupported_media_type'], [422, 'invalid_asset'], [507, 'quota_exceeded']]) {
    answers = [[status, { code, detail: 'why' }]]
    const refused = upload(request, caller, new Blob(['abc']))
    await assert.rejects(refused, { name: 'Refusal', code, message: 'why', reason: 'asset' })
  }
  answers = [[413, '<html>the proxy</html>']]
  await assert.rejects(upload(request, caller, new Blob(['abc'])), { name: 'Refusal', code: 'http_413' })
})

test('without XMLHttpRequest the progress is told at the end', async () => {
  const told = []
  await upload(request, caller, new Blob(['abc']), (each) => told.push(each))
  assert.deepEqual(told, [{ sent: 3, total: 3 }])
})

test('an error of `onProgress` is no lost connection', async () => {
  const thrown = new Error('of the page')
  await assert.rejects(upload(request, caller, new Blob(['abc']), () => { throw thrown }), thrown)
})

test('with XMLHttpRequest it is told while the file is sent', async () => {
  fake('answered')
  const told = []
  assert.deepEqual(await upload(request, caller, new Blob(['abc']), (each) => told.push(each)), ASSET)
  assert.deepEqual(told, [{ sent: 0, total: 3 }, { sent: 3, total: 3 }])
  assert.deepEqual(FakeHttp.last.opened, ['POST', `${caller.options.url}/v1/assets`])
  assert.equal(FakeHttp.last.headers.Authorization, 'Bearer token-1')
  answers = [[413, { code: 'too_large', detail: 'why' }]]
  await assert.rejects(upload(request, caller, new Blob(['abc'])), { code: 'too_large', message: 'why' })
})

test('a lost connection is an error of its own', async () => {
  fake('lost')
  await assert.rejects(upload(request, caller, new Blob(['abc'])), { name: 'WeftError', code: 'offline' })
  delete globalThis.XMLHttpRequest
  caller.options.url = 'http://127.0.0.1:1'
  await assert.rejects(upload(request, caller, new Blob(['abc'])), { name: 'WeftError', code: 'offline' })
})

test('a signal aborts an upload, with its own reason', async () => {
  fake('never')
  const aborting = new AbortController()
  const [first, why] = [new Error('closed the dialog'), { signal: aborting.signal }]
  const refused = upload(request, caller, new Blob(['abc']), () => aborting.abort(first), why)
  await assert.rejects(refused, first)
  assert.ok(FakeHttp.last.wasAborted)
  FakeHttp.last = undefined
  const late = new AbortController()
  caller.options.token = async () => { late.abort(first); return 'token' }
  await assert.rejects(upload(request, caller, new Blob(['abc']), undefined, { signal: late.signal }), first)
  await assert.rejects(upload(request, caller, new Blob(['abc']), undefined, why), first)
  assert.equal(FakeHttp.last, undefined)
  delete globalThis.XMLHttpRequest
  await assert.rejects(upload(request, caller, new Blob(['abc']), undefined, { signal: AbortSignal.abort() }), { name: 'AbortError' })
  assert.deepEqual(heard, [])
})

test('the list has a limit and a cursor', async () => {
  answers = [[200, { assets: [ASSET], next: 'n' }], [200, { assets: [] }]]
  assert.equal((await list(request, caller)).next, 'n')
  assert.deepEqual(await list(request, caller, { limit: 2, cursor: 'n', other: undefined }), { assets: [] })
  assert.deepEqual(heard.map(({ url }) => url), ['/v1/assets', '/v1/assets?limit=2&cursor=n'])
})

test('a picture in use is not deleted, and the refusal says where it is used', async () => {
  const uses = [{ doc: 'home', in: 'head', version: 3 }]
  answers = [[204], [409, { code: 'in_use', detail: 'why', uses }], [404, { code: 'not_found' }]]
  assert.equal(await remove(request, caller, ASSET.id), undefined)
  await assert.rejects(remove(request, caller, ASSET.id), { code: 'in_use', uses, reason: 'asset' })
  await assert.rejects(remove(request, caller, 'a/b'), { code: 'not_found' })
  assert.deepEqual(heard.map(({ method, url }) => [method, url]), [...Array(2).fill(['DELETE', `/v1/assets/${ASSET.id}`]), ['DELETE', '/v1/assets/a%2Fb']])
  caller.options.url = 'http://127.0.0.1:1'
  await assert.rejects(remove(request, caller, ASSET.id), { code: 'offline' })
})
