import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Clients, versions } from './support/clients.mjs'
import { Inbox } from './support/inbox.mjs'
import { Server } from './support/server.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server?.dispose())

for (const vsn of versions) {
  describe(`Protocol ${vsn}`, () => {
    test('a broadcast reaches the other client and not its sender', async (t) => {
      const clients = new Clients(t, server)
      const sender = await clients.join(clients.connect({ vsn }), 'room')
      const receiver = await clients.join(clients.connect({ vsn }), 'room')
      const payload = { text: 'grüße 👋 "\\', n: 1.5, list: [1, null, true], empty: {} }

      assert.equal(await sender.send('greeting', payload), 'ok')
      assert.equal(await receiver.send('answer', { n: 2 }), 'ok')

      const received = await receiver.nextBroadcast()
      assert.equal(received.type, 'broadcast')
      assert.equal(received.event, 'greeting')
      assert.deepEqual(received.payload, payload)
      assert.equal((await sender.nextBroadcast()).event, 'answer') // the first it sees: its own never came
    })

    test('self brings the sender its own broadcast, and ack confirms it', async (t) => {
      const clients = new Clients(t, server)
      const room = await clients.join(clients.connect({ vsn }), 'mirror', { broadcast: { self: true, ack: true } })

      assert.equal(await room.send('echo', { n: 1 }), 'ok')

      assert.deepEqual((await room.nextBroadcast()).payload, { n: 1 })
    })

    test('broadcasts of one sender arrive in order', async (t) => {
      const clients = new Clients(t, server)
      const sender = await clients.join(clients.connect({ vsn }), 'ordered')
      const receiver = await clients.join(clients.connect({ vsn }), 'ordered')

      for (let n = 0; n < 50; n++) await sender.send('n', { n })

      for (let n = 0; n < 50; n++) assert.equal((await receiver.nextBroadcast(`broadcast ${n}`)).payload.n, n)
    })

    test('a listener hears only its own event', async (t) => {
      const clients = new Clients(t, server)
      const sender = await clients.join(clients.connect({ vsn }), 'events')
      const heard = new Inbox()
      const client = clients.connect({ vsn })
      client.channel('events').on('broadcast', { event: 'wanted' }, heard.put)
      await clients.join(client, 'events')

      await sender.send('unwanted', {})
      await sender.send('wanted', { n: 1 })

      assert.equal((await heard.next('the wanted event')).event, 'wanted')
    })

    test('a channel that was left gets nothing, and can be joined again', async (t) => {
      const clients = new Clients(t, server)
      const sender = await clients.join(clients.connect({ vsn }), 'revolving', { broadcast: { ack: true } }) // so a send has happened
      const client = clients.connect({ vsn })
      const other = await clients.join(client, 'stays')
      const left = await clients.join(client, 'revolving')

      assert.equal(await client.removeChannel(left.channel), 'ok')
      await sender.send('missed', {})
      const again = await clients.join(client, 'revolving')
      await sender.send('seen', {})

      assert.equal((await again.nextBroadcast()).event, 'seen')
      assert.equal(other.channel.state, 'joined')
    })

    test('a payload over the limit is refused to a sender who wants an answer', async (t) => {
      const clients = new Clients(t, server)
      const room = await clients.join(clients.connect({ vsn }), 'large', { broadcast: { self: true, ack: true } })

      assert.equal(await room.send('too-large', { text: 'x'.repeat(3_100_000) }), 'error')
      assert.equal(await room.send('large', { text: 'x'.repeat(1_000_000) }), 'ok')

      const received = await room.nextBroadcast()
      assert.equal(received.event, 'large')
      assert.equal(received.payload.text.length, 1_000_000)
    })

    test('heartbeats are answered', async (t) => {
      const clients = new Clients(t, server)
      const beats = new Inbox()
      const client = clients.connect({ vsn, heartbeatIntervalMs: 200, heartbeatCallback: beats.put })
      await clients.join(client, 'alive')

      await beats.nextThat('an answered heartbeat', (status) => status === 'ok')
      await beats.nextThat('a second one', (status) => status === 'ok')
    })
  })
}

test('clients of different protocol versions understand each other', async (t) => {
  const clients = new Clients(t, server)
  const old = await clients.join(clients.connect({ vsn: '1.0.0' }), 'mixed')
  const current = await clients.join(clients.connect({ vsn: '2.0.0' }), 'mixed')

  await old.send('from-old', { n: 1 })
  await current.send('from-current', { n: 2 })

  const fromOld = await current.nextBroadcast()
  assert.deepEqual([fromOld.event, fromOld.payload], ['from-old', { n: 1 }])
  const fromCurrent = await old.nextBroadcast()
  assert.deepEqual([fromCurrent.event, fromCurrent.payload], ['from-current', { n: 2 }])
})

test('a binary payload arrives byte for byte, and passes over clients that cannot read it', async (t) => {
  const clients = new Clients(t, server)
  const sender = await clients.join(clients.connect({ vsn: '2.0.0' }), 'bytes')
  const receiver = await clients.join(clients.connect({ vsn: '2.0.0' }), 'bytes')
  const old = await clients.join(clients.connect({ vsn: '1.0.0' }), 'bytes')
  const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256)

  await sender.send('blob', bytes.buffer)
  await sender.send('text', { n: 1 })

  const received = await receiver.nextBroadcast()
  assert.equal(received.event, 'blob')
  assert.deepEqual(new Uint8Array(received.payload), bytes)
  assert.equal((await receiver.nextBroadcast()).event, 'text')
  assert.equal((await old.nextBroadcast()).event, 'text')
})
