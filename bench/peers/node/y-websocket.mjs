// @y/websocket-server as its own start script sets it up, in memory, with the newest `ws`.
import http from 'node:http'
import { WebSocketServer } from 'ws'
import { setupWSConnection } from '@y/websocket-server/utils'

const sockets = new WebSocketServer({ noServer: true })
sockets.on('connection', setupWSConnection)
const server = http.createServer((_request, response) => response.end('okay'))
server.on('upgrade', (request, socket, head) =>
  sockets.handleUpgrade(request, socket, head, (each) => sockets.emit('connection', each, request)))
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
