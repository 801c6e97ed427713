import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Clients, versions } from './support/clients.mjs'
import { Server } from './support/server.mjs'
import { clientToken } from './support/tokens.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server?.dispose())

for (const vsn of versions) {
  test(`clients reconnect and rejoin after a restart of the server (protocol ${vsn})`, async (t) => {
    const clients = new Clients(t, server)
    const sender = await clients.join(clients.connect({ vsn }), 'room')
    const receiver = await clients.join(clients.connect({ vsn }), 'room')

    assert.equal(await server.stop(), 0)
    assert.equal((await receiver.statuses.next('the loss of the connection')).status, 'CHANNEL_ERROR')
    await server.startAgain()
    for (const joined of [sender, receiver]) {
      await joined.statuses.nextThat('the new subscription', ({ status }) => status === 'SUBSCRIBED', 60_000)
    }
    await sender.send('after', { n: 1 })

    assert.equal((await receiver.nextBroadcast()).event, 'after')
  })
}

test('tenants outlive a restart', async (t) => {
  const clients = new Clients(t, server)
  const token = clientToken({ secret: await server.createTenant('acme') })

  await server.stop()
  await server.startAgain()

  const room = await clients.join(clients.connect({ tenant: 'acme', token }), 'room', { broadcast: { self: true } })
  await room.send('hello', {})
  assert.equal((await room.nextBroadcast()).event, 'hello')
})
