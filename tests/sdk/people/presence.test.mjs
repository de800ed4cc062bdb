// presence.js with a session that the test moves.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Emitter } from '../../../static/sdk/reports/events.js'
import { Presence } from '../../../static/sdk/people/presence.js'
import { Clock } from '../fakes.mjs'

async function scene () {
  const clock = new Clock(1)
  const sent = []
  const env = { now: () => clock.now, setTimeout: (action, ms) => clock.after(ms, action), clearTimeout: (timer) => clock.cancel(timer) }
  const core = { isOnline: true, waiting: [], frame: { version: 7 } }
  const session = Object.assign(new Emitter(), { env, core, transport: { send: (message) => sent.push(message) } })
  const presence = new Presence(session)
  await clock.run(1000)
  return { clock, sent, core, session, presence }
}

test('a state is sent at once, and then at most every 50 ms, always with the newest', async () => {
  const { clock, sent, presence } = await scene()
  for (const x of [1, 2, 3]) presence.set({ x })
  assert.deepEqual(sent.map(({ state }) => state.x), [1])
  await clock.run(49)
  assert.equal(sent.length, 1)
  await clock.run(1)
  assert.deepEqual(sent.map(({ base, state }) => [base, state.x]), [[7, 1], [7, 3]])
})

test('a caret waits for the answers to changes, but not longer than 300 ms', async () => {
  const { clock, sent, core, session, presence } = await scene()
  presence.cursor = () => ({ path: '/t', offset: 1 })
  core.waiting = ['e1']
  presence.refresh()
  await clock.run(299)
  assert.equal(sent.length, 0)
  await clock.run(1)
  assert.equal(sent.length, 1)
  core.waiting = []
  session.emit('status')
  await clock.run(50)
  assert.equal(sent.length, 2)
  session.emit('status')
  await clock.run(500)
  assert.equal(sent.length, 2)
})
