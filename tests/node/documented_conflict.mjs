// Ada's client of docs/client.md overwrites a value of Bo, and loses the answer with its connection.
//
//   node documented_conflict.mjs PAGE APPLY CONNECT USE WS-URL ADA BO   ends with what Ada is told
import * as library from 'immutable-json-patch'
import WebSocket from 'ws'

const [pageCode, applyCode, connectCode, useCode, url, ...tokens] = process.argv.slice(2)

/** What a snippet declares as `name`, when it finds these names outside. */
function run (code, name, outside = {}) {
  const script = code.replace(/^import .*$/m, '')
  return new Function(...Object.keys(outside), `${script}; return ${name}`)(...Object.values(outside))
}

const sockets = []
class Socket extends WebSocket {
  constructor (...all) { super(...all); sockets.push(this) }
}

const Page = run(pageCode, 'Page')
const apply = run(applyCode, 'apply', library)
const connect = run(connectCode, 'connect', { WebSocket: Socket, setTimeout: (action) => setTimeout(action, 5) })

function editor (token, index) {
  const answers = []
  const { page } = run(useCode, '{ page, reconnect }', {
    Page, connect, apply, url, tab: `tab-${index}`, reload: 0, refused () {}, onChange () {}, getToken: async () => token,
    received: (message) => { if (message.type === 'ack') answers.push(message) },
    stopped: (code) => { throw new Error(`closed with ${code}`) }
  })
  return { page, answers }
}

async function until (condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const [ada, bo] = tokens.map(editor)
await until(() => ada.page.online && bo.page.online)
const [socket] = sockets        // of Ada
socket.onmessage = () => {}     // Ada hears nothing more over this connection
bo.page.edit([{ op: 'replace', path: '/n', value: 'theirs' }])
await until(() => bo.answers.length)
ada.page.edit([{ op: 'replace', path: '/n', value: 'yours' }])
await until(() => bo.page.shown.n === 'yours')
socket.terminate()
await until(() => ada.page.online && !ada.page.own.length)
console.log(JSON.stringify([ada.answers, ada.page.shown]))
process.exit()
