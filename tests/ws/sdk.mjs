// sdk.mjs PLATFORM URL - the official client of that platform's socket against the double at URL; prints what its handler got, a
// JSON line each, until it is ended.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const [platform, url] = process.argv.slice(2)
const say = (what) => console.log(JSON.stringify(what))

if (platform === 'slack') {
  const { SocketModeClient } = require('@slack/socket-mode')
  const client = new SocketModeClient({ appToken: 'xapp-SECRET', clientOptions: { slackApiUrl: url + '/' }, logLevel: 'error' })
  client.on('connected', () => say({ connected: true }))
  client.on('message', async ({ ack, body }) => { await ack(); say({ text: body.event.text }) })
  client.on('interactive', async ({ ack, body }) => { await ack(); say({ pressed: body.actions[0].value }) })
  await client.start()
} else {
  const { WSClient } = require('@wecom/aibot-node-sdk')
  const client = new WSClient({ botId: 'B1', secret: 'wecomSECRET', wsUrl: url.replace('http', 'ws'), logger: { debug() {}, info() {}, warn() {}, error() {} } })
  client.on('authenticated', () => say({ connected: true }))
  client.on('message.text', async (frame) => {
    say({ text: frame.body.text.content })
    await client.replyStream(frame, 's1', 'working', true)
    await client.sendMessage('wr1', { msgtype: 'markdown', markdown: { content: 'hello' } })
    say({ answered: true })
  })
  client.on('event.template_card_event', (frame) => say({ pressed: (frame.body.event.template_card_event ?? frame.body.event).event_key }))
  client.on('disconnected', () => say({ disconnected: true }))
  client.on('event.disconnected_event', () => say({ thrown_out: true }))
  client.connect()
}
