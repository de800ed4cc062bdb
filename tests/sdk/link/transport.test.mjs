// transport.js: the numbers are the rules of static/sdk/SPEC.md.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delay, textOf, Transport } from '../../../static/sdk/link/transport.js'
import { Clock } from '../fakes.mjs'

/** A transport with sockets that the test opens, closes and reads. */
class Scene {
  clock = new Clock(1)
  sockets = []
  links = []
  closed = []
  errors = []
  messages = []
  tokens = 0
  isReachable = true
  token = () => `token ${(this.tokens += 1)}`

  constructor () {
    const scene = this
    const env = {
      window: { location: { origin: 'http://localhost:8000' } },
      WebSocket: class { constructor (url) { Object.assign(this, { url, sent: [] }); scene.sockets.push(this) } send (text) { this.sent.push(JSON.parse(text)) } close () {} },
      fetch: async (url, options) => { scene.asked = [url, options.mode]; if (!scene.isReachable) throw new TypeError() },
      setTimeout: (action, ms) => scene.clock.after(ms, action),
      clearTimeout: (timer) => scene.clock.cancel(timer),
      now: () => scene.clock.now,
      random: () => 0.5
    }
    this.transport = new Transport({
      options: { url: 'https://weft.example', document: 'home', token: () => this.token() },
      opening: () => ({ client: 'tab' }),
      received: () => {},
      closed: (code) => this.closed.push(code),
      changed: (link, error) => { this.links.push(error ? `${link}: ${error.code}` : link); if (error) this.messages.push(error.message) },
      emit: (name, error) => this.errors.push(error.code)
    }, env)
    this.transport.start()
  }

  get socket () { return this.sockets.at(-1) }
  async run (ms = 0) { await this.clock.run(ms); await new Promise((resolve) => setImmediate(resolve)) }
  say (message) { this.socket.onmessage({ data: JSON.stringify(message) }) }
  async open () { await this.run(); this.socket.onopen(); this.say({ type: 'opened' }) }
  /** A minute, in which the server is not silent. */
  async minute () { for (let count = 0; count < 4; count++) { await this.run(15_000); this.say({ type: 'pong' }) } }
  async close (code, reason = '') { this.socket.onclose({ code, reason }); await this.run() }
}

test('T1 the token of open is new for each connection, and is renewed before it expires', async () => {
  const it = new Scene()
  await it.open()
  assert.equal(it.socket.url, 'wss://weft.example/v1/docs/home/live')
  assert.deepEqual(it.socket.sent, [{ type: 'open', token: 'token 1', accept: ['splice'], client: 'tab' }])
  await it.minute()
  it.say({ type: 'notice', code: 'token_expiring', in_seconds: 60 })
  await it.run()
  assert.deepEqual(it.socket.sent[1], { type: 'token', token: 'token 2' })
})

test('T1 a failed fetch of the token is tried again, for ever', async () => {
  const it = new Scene()
  await it.run()
  it.transport.stop()
  it.token = () => { it.tokens += 1; throw new Error('down') }
  it.transport.start()
  await it.run(3_600_000)
  assert.ok(it.tokens > 100)
  assert.deepEqual([it.errors, it.sockets.length], [['token_failed'], 1])
  it.token = () => 'good'
  await it.run(30_000)
  assert.equal(it.sockets.length, 2)
})

test('T1 failures of the token in a row are told once, also at the renewal, and again after a success', async () => {
  const it = new Scene()
  const good = it.token
  const fails = () => { it.tokens += 1; throw new Error('down') }
  await it.open()
  for (let outage = 1; outage <= 2; outage++) {
    await it.minute()
    it.token = fails
    it.say({ type: 'notice', code: 'token_expiring', in_seconds: 60 })
    await it.minute()
    await it.close(4401)
    await it.run(60_000)
    assert.deepEqual([it.errors.length, it.tokens > 10 * outage], [outage, true])
    it.token = good
    await it.run(60_000)
    await it.open()
  }
  await it.close(1006)
  it.transport.stop()
  it.token = fails
  await it.run(60_000)
  assert.equal(it.errors.length, 2)
})

test('T1 a function that returns no text is a failed fetch, and says what it returned', async () => {
  for (const [wrong, told] of [[undefined, 'undefined'], [null, 'null'], ['', ''], [{}, '[object Object]']]) {
    await assert.rejects(textOf(() => wrong), { code: 'token_failed', message: `\`token()\` failed: it returned '${told}'` })
  }
  await assert.rejects(textOf(() => { throw new Error('log in first') }), { message: '`token()` failed: log in first' })
  assert.equal(await textOf(async () => 'text'), 'text')
})

test('T1 a token that the server has is not sent again; a new one is asked for until it comes', async () => {
  const it = new Scene()
  it.transport.stop()
  it.token = () => { it.tokens += 1; return 'old' }
  it.transport.start()
  await it.open()
  await it.minute()
  it.say({ type: 'notice', code: 'token_expiring', in_seconds: 60 })
  await it.run(10_000)
  assert.deepEqual(it.socket.sent.map(({ type }) => type), ['open'])
  assert.ok(it.tokens > 3 && it.tokens < 10)
  it.token = () => 'new'
  await it.run(6_000)
  assert.deepEqual(it.socket.sent.at(-1), { type: 'token', token: 'new' })
})

test('T1 while no token comes, the link says whether there is a network', async () => {
  const it = new Scene()
  it.transport.stop()
  it.links.length = 0
  it.token = () => { throw new Error('down') }
  it.transport.start()
  await it.run(60_000)
  assert.deepEqual(it.links.filter((link) => link !== 'lost'), ['reconnecting'])
  it.isReachable = false
  await it.run(60_000)
  assert.equal(it.links.at(-1), 'offline: no_network')
})

test('T2 after 4401 one more token is fetched, at once', async () => {
  const it = new Scene()
  await it.open()
  await it.close(4401)
  assert.equal(it.sockets.length, 2)
  await it.close(4401)
  await it.run(100_000)
  assert.equal(it.sockets.length, 2)
  assert.deepEqual(it.links.slice(-1), ['refused: unauthenticated'])
})

test('T3 final codes stop, and all others connect again', async () => {
  for (const [code, link] of [[4400, 'malformed'], [4403, 'forbidden'], [4404, 'not_found'], [4413, 'quota_exceeded'], [4499, 'closed_4499'], [1008, 'too_many_frames']]) {
    const it = new Scene()
    await it.open()
    await it.close(code)
    await it.run(100_000)
    assert.equal(it.sockets.length, 1)
    assert.deepEqual(it.links, ['online', `refused: ${link}`])
  }
  for (const code of [1001, 1006, 1009, 1011, 1012, 1013, 4508, 4529]) {
    const it = new Scene()
    await it.open()
    await it.close(code)
    await it.run(600)
    assert.equal(it.sockets.length, 2)
    assert.equal(it.closed[0], code)
  }
})

test('T4 the delay doubles to 30 seconds, with jitter, and is at least what the server says', async () => {
  assert.deepEqual([0, 1, 2, 6, 20].map((tries) => delay(tries, () => 0.5)), [500, 1000, 2000, 30_000, 30_000])
  assert.deepEqual([delay(0, () => 0), delay(0, () => 1)], [250, 750])
  const it = new Scene()
  await it.open()
  it.say({ type: 'disconnect_notice', code: 4508, retry_after_ms: 9000 })
  await it.close(4508)
  await it.run(8999)
  assert.equal(it.sockets.length, 1)
  await it.run(1)
  assert.equal(it.sockets.length, 2)
})

test('T5 wake connects at once, and checks a connection by a ping', async () => {
  const it = new Scene()
  await it.open()
  it.transport.wake()
  assert.equal(it.socket.sent.at(-1).type, 'ping')
  it.say({ type: 'pong' })
  await it.run(3000)
  assert.deepEqual(it.closed, [])
  await it.close(1006)
  it.transport.wake()
  await it.run()
  assert.equal(it.sockets.length, 2)
})

test('T6 a connection that never opens: no network, or a refused origin', async () => {
  const it = new Scene()
  await it.run()
  it.isReachable = false
  await it.close(1006)
  assert.deepEqual(it.asked, ['https://weft.example/healthz', 'no-cors'])
  assert.deepEqual(it.links, ['reconnecting', 'offline: no_network'])
  it.isReachable = true
  await it.run(1000)
  await it.close(1006)
  assert.equal(it.links.length, 2)
  await it.run(2000)
  await it.close(1006)
  assert.deepEqual(it.links.slice(2), ['refused: origin_refused'])
  await it.run(30_000)
  await it.open()
  assert.equal(it.links.at(-1), 'online')
})

test('an error names the address, the origin and what to do', async () => {
  const it = new Scene()
  await it.run()
  for (const isReachable of [false, true, true]) {
    it.isReachable = isReachable
    await it.close(1006)
    await it.run(5000)
  }
  const missing = new Scene()
  await missing.run()
  await missing.close(4404, 'no such document')
  assert.deepEqual([...it.messages, ...missing.messages], [
    'https://weft.example cannot be reached: the SDK keeps all changes, and tries again',
    'https://weft.example refuses http://localhost:8000: add it to WEFT_ORIGINS, or correct `url`',
    'no such document: check its name and the token, or give `create`'
  ])
})

test('T7 a silent connection is replaced', async () => {
  const it = new Scene()
  await it.open()
  await it.run(20_000)
  assert.equal(it.socket.sent.at(-1).type, 'ping')
  await it.run(10_000)
  assert.deepEqual(it.closed, [1006])
})

test('a connection that is lost for five seconds is told', async () => {
  const it = new Scene()
  await it.open()
  await it.close(1012)
  await it.run(5000)
  assert.ok(it.links.includes('lost'))
})

test('T3 T6 a final close after a refused origin is told, and each refusal once', async () => {
  const it = new Scene()
  for (let tries = 0; tries < 5; tries++) {
    await it.run(30_000)
    await it.close(1006)
  }
  assert.deepEqual(it.links.filter((link) => link !== 'lost'), ['reconnecting', 'refused: origin_refused'])
  await it.run(30_000)
  const count = it.sockets.length
  await it.close(4404, 'no such document')
  await it.run(100_000)
  assert.deepEqual([it.links.at(-1), it.sockets.length], ['refused: not_found', count])
  it.transport.start()
  await it.run()
  await it.close(4404)
  assert.deepEqual(it.links.slice(-2), ['reconnecting', 'refused: not_found'])
})

test('T1 a token that never comes, or is nothing, is a failed fetch', async () => {
  for (const answer of [() => new Promise(() => {}), () => undefined]) {
    const it = new Scene()
    it.transport.stop()
    it.token = answer
    it.transport.start()
    await it.run(15_000)
    assert.ok(it.errors.includes('token_failed'))
    const count = it.sockets.length
    it.token = () => 'good'
    await it.run(60_000)
    assert.ok(it.sockets.length > count)
  }
})

test('T2 a token that was accepted is forgotten: the next 4401 fetches one more', async () => {
  const it = new Scene()
  for (let count = 1; count < 4; count++) {
    await it.open()
    await it.close(4401)
    assert.equal(it.sockets.length, count + 1)
  }
  assert.ok(!it.links.includes('refused: unauthenticated'))
})

test('T4 the delay begins again after a connection of a minute', async () => {
  const it = new Scene()
  for (let tries = 0; tries < 6; tries++) {
    await it.run(40_000)
    await it.close(1012)
  }
  await it.run(40_000)
  await it.open()
  for (let count = 0; count < 5; count++) {
    await it.run(13_000)
    it.say({ type: 'pong' })
  }
  const count = it.sockets.length
  await it.close(1012)
  await it.run(600)
  assert.equal(it.sockets.length, count + 1)
})
