// Publishing: what is asked of the server, and what a caller gets.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publish, published, unpublish } from '../../../static/sdk/page/publishing.js'

const caller = { options: { document: 'home' } }
const refused = (code) => Object.assign(new Error(code), { code })
/** A request that notes what it is asked, and answers with a value or an error. */
function answering (answer) {
  const heard = []
  const request = async (_, method, path, { body } = {}) => {
    heard.push([method, path, JSON.stringify(body)])
    if (answer instanceof Error) throw answer
    return answer
  }
  return { heard, request }
}

test('a publication names its version, and the one that the user has seen', async () => {
  const { heard, request } = answering({ published: 3 })
  assert.deepEqual(await publish(request, caller, { version: 3, expectedPublished: null }), { published: 3 })
  await publish(request, caller, {})
  assert.deepEqual(heard, [
    ['POST', '/v1/docs/home/publish', '{"version":3,"expected_published":null}'],
    ['POST', '/v1/docs/home/publish', '{}']
  ])
})

test('a dry run only asks for the findings', async () => {
  const { heard, request } = answering({ version: 3, refusals: [] })
  assert.deepEqual(await publish(request, caller, { dryRun: true, version: 3 }), { version: 3, refusals: [] })
  await publish(request, caller, { dryRun: true })
  assert.deepEqual(heard, [
    ['GET', '/v1/docs/home/publish/findings?version=3', undefined],
    ['GET', '/v1/docs/home/publish/findings', undefined]
  ])
})

test('no public version is an answer; a refusal is an error', async () => {
  for (const answer of [{ published: 2 }, { published: null }])
    assert.deepEqual(await published(answering(answer).request, caller), answer)
  await assert.rejects(published(answering(refused('forbidden')).request, caller), { code: 'forbidden' })
  const { heard, request } = answering()
  await unpublish(request, caller)
  assert.deepEqual(heard, [['DELETE', '/v1/docs/home/publish', undefined]])
})
