// channel.js: a port with a heartbeat.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channel } from '../../../static/sdk/preview/channel.js'
import { World } from './preview_world.mjs'

function pair () {
  const world = new World()
  const env = world.environment(null)
  const { port1, port2 } = new env.MessageChannel()
  const it = { world, ended: [], received: [], port2 }
  it.channel = new Channel(port1, env, (message) => it.received.push(message), (reason) => it.ended.push(reason))
  return it
}

test('a beat is sent each second', () => {
  const it = pair()
  const beats = []
  it.port2.onmessage = ({ data }) => { beats.push([data.type, it.world.now]); it.port2.postMessage({ type: 'beat' }) }
  it.world.pass(2_500)
  assert.deepEqual(beats, [['beat', 0], ['beat', 1_000], ['beat', 2_000]])
  assert.deepEqual([it.received, it.ended], [[], []])
})

test('after five beats without a message the other side is gone', () => {
  const it = pair()
  it.world.pass(4_900)
  assert.deepEqual(it.ended, [])
  it.world.pass(200)
  assert.deepEqual(it.ended, ['lost'])
})

test('slow timers of a hidden tab end no connection', () => {
  const it = pair()
  it.port2.onmessage = () => it.port2.postMessage({ type: 'beat' })
  it.channel.env.setTimeout = (action) => it.world.environment(null).setTimeout(action, 60_000)
  it.world.pass(600_000)
  assert.deepEqual(it.ended, [])
})

test('a goodbye ends the connection once', () => {
  const it = pair()
  it.port2.postMessage({ type: 'bye' })
  it.port2.postMessage({ type: 'bye' })
  it.world.pass(10_000)
  assert.deepEqual(it.ended, ['bye'])
})

test('a message that is no object is ignored', () => {
  const it = pair()
  for (const data of [null, 0, '']) it.port2.postMessage(data)
  it.port2.postMessage({ type: 'FOCUS' })
  it.world.settle()
  assert.deepEqual(it.received, [{ type: 'FOCUS' }])
})
