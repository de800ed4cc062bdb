// What the screen that publishes tells of some documents: each finding with the place that it leads to.
//
// It reads a list of `{value, warnings}` as JSON, and writes a list of `[[where, words, pointer], …]`.
import { readFileSync } from 'node:fs'
import { pointerNow } from '../../../static/editor/place_words.js'
import { hints, told } from '../../../static/publish/findings.js'

const asked = JSON.parse(readFileSync(0, 'utf8'))
const answers = asked.map(({ value, warnings }) =>
  [...warnings.map((each) => told(each, 'warning', value)), ...hints(value)]
    .map(({ where, words, place }) => [where, words, pointerNow(value, place)]))
process.stdout.write(JSON.stringify(answers))
