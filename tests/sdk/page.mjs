// A process with pages of the SDK. It runs the lines of JavaScript that it reads, one at a time.
//
//   node --experimental-websocket page.mjs     each line is the body of an async function; it sees
//                                              `sdk`, `connect`, `kept` and `until`
import { createInterface } from 'node:readline'
import * as sdk from '../../static/sdk/weft.js'

const kept = {}
const names = ['sdk', 'connect', 'kept', 'until']
const until = async (condition, ms = 20_000) => {
  for (const end = Date.now() + ms; !condition();) {
    if (Date.now() > end) throw new Error(`waited too long: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
const AsyncFunction = until.constructor

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    const value = await new AsyncFunction(...names, JSON.parse(line))(sdk, sdk.connect, kept, until)
    answer = { value: value ?? null }
  } catch (error) {
    answer = { error: `${error.code ?? error.name}: ${error.message}` }
  }
  console.log(JSON.stringify(answer))
}
process.exit()
