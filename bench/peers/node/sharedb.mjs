// ShareDB as its documentation sets it up, with its database and its pubsub in memory. The script
// reads the first value of the document `page` from the file that its argument names.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { promisify } from 'node:util'
import ShareDB from 'sharedb'
import { WebSocketServer } from 'ws'
import WebSocketJSONStream from '@teamwork/websocket-json-stream'

const backend = new ShareDB()
const page = backend.connect().get('pages', 'page')
await promisify(page.create.bind(page))(JSON.parse(readFileSync(process.argv[2], 'utf8')))

const server = http.createServer()
const sockets = new WebSocketServer({ server })
sockets.on('connection', (socket) => backend.listen(new WebSocketJSONStream(socket)))
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
