// server.mjs - WebSocket servers made of npm `ws`, what they do by path; prints its port, then a JSON line for each thing
// that it saw. Compression is offered, for the client to leave out.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const say = (what) => console.log(JSON.stringify(what))

const paths = {
  echo(ws) {
    ws.on('message', (data, binary) => ws.send(data, { binary }))
  },
  // a message in fragments, with control frames in between
  fragments(ws) {
    ws.on('pong', (data) => say({ pong: data.toString() }))
    ws.send('he', { fin: false })
    ws.ping('one')
    ws.send('l', { fin: false })
    ws.pong('unasked')
    ws.send('', { fin: false })
    ws.send('lo', { fin: true })
    ws.send(Buffer.alloc(70000, 1), { fin: false })
    ws.ping('two')
    ws.send(Buffer.alloc(70000, 2), { fin: true })
    ws.send('€😀')
    ws.send('')
    ws.send(Buffer.alloc(0))
  },
  close(ws, query) {
    const code = Number(query.get('code'))
    code ? ws.close(code, query.get('reason') ?? '') : ws.close()
  },
  terminate(ws) {
    ws.send('before', () => ws.terminate())
  },
  silent(ws) { // it answers the close, no more
    ws.on('message', (data) => say({ got: data.length }))
  },
  deaf(ws) { // reads nothing for a while
    ws.pause()
    setTimeout(() => ws.resume(), 700)
    let n = 0
    ws.on('message', (data) => { n += data.length })
    ws.on('close', () => say({ total: n }))
  },
  flood(ws) { // 24 MB, each message numbered
    let i = 0
    const more = () => {
      if (i === 96) return ws.send('end')
      ws.send(Buffer.alloc(256 * 1024, i++), more)
    }
    more()
  },
  pings(ws) { // many pings, then an echo proves that it still works
    for (let i = 0; i < 20000; i++) ws.ping('p' + i)
    let pongs = 0
    ws.on('pong', (data) => {
      pongs++
      if (data.toString() === 'p19999') say({ pongs })
    })
    ws.send('after')
  },
  pinged(ws) {
    ws.on('ping', () => say({ pinged: true }))
  },
}

const http = createServer((q, a) => a.writeHead(426).end('Upgrade Required'))
const choose = (offered) => (offered.has('v4.channel.k8s.io') ? 'v4.channel.k8s.io' : false)
const wss = new WebSocketServer({ noServer: true, perMessageDeflate: true, handleProtocols: choose, maxPayload: 64 << 20 })
http.on('upgrade', (q, socket, head) => {
  const url = new URL(q.url, 'http://x')
  wss.handleUpgrade(q, socket, head, (ws) => {
    ws.on('close', (code, reason) => say({ closed: code, reason: reason.toString(), path: url.pathname }))
    ws.on('error', (e) => say({ error: e.code ?? e.message }))
    paths[url.pathname.slice(1)](ws, url.searchParams)
  })
})
http.listen(0, '127.0.0.1', () => console.log(http.address().port))
