import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Clients, versions } from './support/clients.mjs'
import { Server } from './support/server.mjs'
import { clientToken } from './support/tokens.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server?.dispose())

for (const vsn of versions) {
  test(`send before joining goes over HTTP and arrives (protocol ${vsn})`, async (t) => {
    const clients = new Clients(t, server)
    const receiver = await clients.join(clients.connect({ vsn }), 'room:1')
    const channel = clients.connect({ vsn }).channel('room:1')

    assert.equal(await channel.send({ type: 'broadcast', event: 'early', payload: { n: 1 } }), 'ok')

    const received = await receiver.nextBroadcast()
    assert.deepEqual([received.event, received.payload], ['early', { n: 1 }])
  })

  test(`httpSend delivers JSON (protocol ${vsn})`, async (t) => {
    const clients = new Clients(t, server)
    const receiver = await clients.join(clients.connect({ vsn }), 'room/ü?2')
    const channel = clients.connect({ vsn }).channel('room/ü?2')

    assert.deepEqual(await channel.httpSend('an event/1', { text: 'grüße' }), { success: true })

    const received = await receiver.nextBroadcast()
    assert.deepEqual([received.event, received.payload], ['an event/1', { text: 'grüße' }])
  })
}

test('httpSend delivers bytes', async (t) => {
  const clients = new Clients(t, server)
  const receiver = await clients.join(clients.connect(), 'bytes')
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256)

  assert.deepEqual(await clients.connect().channel('bytes').httpSend('blob', bytes.buffer), { success: true })

  const received = await receiver.nextBroadcast()
  assert.equal(received.event, 'blob')
  assert.deepEqual(new Uint8Array(received.payload), bytes)
})

test('a batch arrives in its order, on all its topics', async (t) => {
  const clients = new Clients(t, server)
  const client = clients.connect()
  const a = await clients.join(client, 'batch-a')
  const b = await clients.join(client, 'batch-b')
  const messages = [
    { topic: 'batch-a', event: 'first', payload: { n: 1 } },
    { topic: 'batch-b', event: 'second', payload: { n: 2 } },
    { topic: 'batch-a', event: 'third', payload: { n: 3 } },
  ]

  const response = await fetch(`${server.httpUrl('realtime-dev')}/api/broadcast`, {
    method: 'POST',
    headers: { apikey: server.token(), 'content-type': 'application/json' },
    body: JSON.stringify({ messages }),
  })

  assert.equal(response.status, 202)
  assert.equal(await response.text(), '')
  assert.equal((await a.nextBroadcast()).event, 'first')
  assert.equal((await a.nextBroadcast()).event, 'third')
  assert.equal((await b.nextBroadcast()).event, 'second')
})

test('httpSend with a token of another secret is refused', async (t) => {
  const clients = new Clients(t, server)
  const channel = clients.connect({ token: clientToken({ secret: 'some-other-secret' }) }).channel('room')

  await assert.rejects(channel.httpSend('event', { n: 1 }), { message: 'Unauthorized' })
})

test('a host without a tenant means the default tenant', async (t) => {
  const clients = new Clients(t, server)
  const receiver = await clients.join(clients.connect(), 'default')

  const response = await fetch(`${server.httpUrl()}/api/broadcast/default/events/hello`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token()}`, 'content-type': 'application/json' },
    body: '{"n":1}',
  })

  assert.equal(response.status, 202)
  assert.equal((await receiver.nextBroadcast()).event, 'hello')
})
