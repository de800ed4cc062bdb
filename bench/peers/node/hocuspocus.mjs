// Hocuspocus as its documentation sets it up, in memory: without extensions, hooks or log lines.
// It batches what it sends for each turn of the event loop (`flushDelay: 0`), which is its default.
import { Server } from '@hocuspocus/server'

const server = new Server({ address: '127.0.0.1', port: 0, quiet: true })
await server.listen()
console.log(server.address.port)
