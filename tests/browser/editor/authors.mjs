// Who wrote each text of a document, as the history tells it: a list of `[place, user, version or time]`.
//
// It is called with the address of the server, a token, the name of the document and a version.
import { lasting } from '../../../static/editor/place_words.js'
import { Blame } from '../../../static/history/blame.js'
import { Versions } from '../../../static/history/versions.js'

const [server, token, doc, upto] = process.argv.slice(2)
const ask = async (path) => {
  const answer = await fetch(`${server}/v1/docs/${doc}/versions${path}`, { headers: { Authorization: `Bearer ${token}` } })
  if (!answer.ok) throw new Error(await answer.text())
  return answer.json()
}
const list = (options) => ask(`?${new URLSearchParams(JSON.parse(JSON.stringify(options)))}`)
const versions = new Versions((version) => ask(`/${version}`))
const blame = new Blame(list, versions)

/** The places of all texts. @param {any} part @param {string} at @returns {string[]} */
const texts = (part, at) => {
  if (typeof part === 'string') return [at]
  return part && typeof part === 'object' ? Object.entries(part).flatMap(([name, each]) => texts(each, `${at}/${name}`)) : []
}

const value = await versions.at(+upto)
const found = []
for (const pointer of texts(value.pages, '/pages').filter((each) => !/\/(id|type)$/.test(each))) {
  const place = lasting(value, pointer)
  const by = await blame.of(value, place, +upto)
  found.push([place, by?.by?.user ?? '', by?.version ?? by?.before ?? null])
}
process.stdout.write(JSON.stringify(found))
