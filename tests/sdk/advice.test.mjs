// advice.js
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advice } from '../../static/sdk/advice.js'
import { Refusal, WeftError } from '../../static/sdk/reports/errors.js'

test('each error has a sentence for the person at the page', () => {
  assert.equal(advice(new WeftError('memory_only')), 'This browser stores nothing for this page. Keep this tab open until everything is saved.')
  assert.equal(advice(new WeftError('closed_4499')), 'Something is wrong with this page. Reload it, or tell the people who run it.')
  assert.equal(advice(new Error('of the page')), 'Something is wrong with this page. Reload it, or tell the people who run it.')
})

test('a refused change is not a refused connection', () => {
  assert.equal(advice(new WeftError('forbidden')), 'You may not open this document.')
  assert.equal(advice(new Refusal({ code: 'forbidden' })), 'Your change was not saved. You may not change this part.')
  assert.equal(advice(new Refusal({ code: 'id_reused' })), 'Your change was not saved. What you wrote is kept.')
  assert.equal(advice(new Refusal({ code: 'read_only' })), 'You can read this document, but not change it.')
})

test('a refused picture has sentences of its own', () => {
  const refused = (code, message) => Object.assign(new Refusal({ code, message }), { reason: 'asset' })
  assert.equal(advice(refused('too_large')), 'This picture is too large.')
  assert.equal(advice(refused('invalid_asset', 'the picture is damaged')), 'This picture cannot be used. The reason: the picture is damaged.')
  assert.equal(advice(refused('http_502')), 'The picture was refused. Try again later.')
  assert.equal(advice(new WeftError('offline')), 'Try again when there is a connection.')
})

test('an item of `attention` has a sentence that names the other author, when it is known', () => {
  const by = { user: 'bo', name: 'Bo' }
  for (const [item, sentence] of [
    [{ reason: 'locked', by }, 'Your change was not saved. Bo is working on this part. Try again later.'],
    [{ reason: 'conflict', by }, 'Your change was not saved. Bo changed the same part.'],
    [{ reason: 'conflict' }, 'Your change was not saved. Another user changed the same part.'],
    [{ reason: 'overwritten', by }, 'You wrote over a change of Bo.'],
    [{ reason: 'invalid_document', message: 'the value is longer than 20 characters' }, 'Your change was not saved: the value is longer than 20 characters.'],
    [{ reason: 'rate_limited' }, 'Your change was not saved. What you wrote is kept.']
  ]) assert.equal(advice(item), sentence)
})
