// The state machine does what the one of the Python client does. tests/sdk/core_vectors.py has the events.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Driver } from './driver.mjs'

const vectors = JSON.parse(readFileSync(new URL('core_vectors.json', import.meta.url)))
const plain = (value) => JSON.parse(JSON.stringify(value ?? null))

function outcome (effects, core) {
  const all = (kind) => effects.filter((each) => each.do === kind)
  return plain({
    sent: all('send').map(({ message }) => message),
    ended: all('end').map(({ id, state, reason, result }) =>
      [id, state, reason?.code ?? null, (result?.conflicts ?? []).map(({ by }) => by?.name ?? null)]),
    asked: all('asked').map(({ id, result, reason }) =>
      [id, (result?.undone ?? []).flatMap(({ pointers }) => pointers), result?.skipped ?? [], reason?.code ?? null]),
    waits: all('wait').map(({ tries, ms }) => [tries, ms ?? null]),
    reloads: all('reload').length,
    value: core.value,
    pending: core.waiting.length,
    can: [core.steps.canUndo, core.steps.canRedo]
  })
}

for (const { name, events, steps } of vectors) {
  test(name, () => {
    const it = new Driver(null)
    events.forEach((event, at) => {
      const from = it.effects.length
      const { type, message = event } = structuredClone(event)
      it.handle({ ...message, type })
      if (event.type === 'edit' || event.type === 'undo') it.handle({ type: 'tick' })
      assert.deepEqual(outcome(it.effects.slice(from), it.core), steps[at], `event ${at}: ${JSON.stringify(event)}`)
    })
  })
}
