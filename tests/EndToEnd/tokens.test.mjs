import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Clients, Joined, versions } from './support/clients.mjs'
import { Server } from './support/server.mjs'
import { clientToken, sign } from './support/tokens.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server?.dispose())

test('a handshake that is refused says why', async (t) => {
  const clients = new Clients(t, server)
  const refusals = [
    ['', 401, 'API key is missing'],
    ['&apikey=nonsense', 401, 'The token provided is not a valid JWT'],
    [`&apikey=${clientToken({ secret: 'some-other-secret' })}`, 401, 'Failed to validate JWT signature'],
    [`&apikey=${clientToken({ seconds: -10 })}`, 401, 'Token has expired'],
    [`&apikey=${sign({ exp: 4102444800 })}`, 401, 'Fields `role` and `exp` are required in JWT'],
  ]

  for (const [query, status, error] of refusals) {
    const answer = await clients.handshake(`${server.socketUrl()}/websocket?vsn=2.0.0${query}`)

    assert.equal(answer.status, status, error)
    assert.deepEqual(JSON.parse(answer.body), { error })
  }
})

test('a handshake for a tenant that does not exist is refused', async (t) => {
  const clients = new Clients(t, server)

  const answer = await clients.handshake(`${server.socketUrl('nobody')}/websocket?vsn=2.0.0&apikey=${server.token()}`)

  assert.equal(answer.status, 404)
  assert.deepEqual(JSON.parse(answer.body), { error: 'Tenant not found' })
})

test('a token in the header x-api-key opens a socket', async (t) => {
  const clients = new Clients(t, server)

  const answer = await clients.handshake(`${server.socketUrl()}/websocket?vsn=2.0.0`, { 'x-api-key': server.token() })

  assert.equal(answer.status, 101)
})

for (const vsn of versions) {
  test(`a join with an expired token is refused (protocol ${vsn})`, async (t) => {
    const clients = new Clients(t, server)
    const client = clients.connect({ vsn })
    await client.setAuth(clientToken({ seconds: -10 }))

    const { status, error } = await new Joined(client.channel('room')).trySubscribe()

    assert.equal(status, 'CHANNEL_ERROR')
    assert.match(error.message, /^InvalidJWTToken: Token has expired \d+ seconds ago$/)
  })

  test(`a private channel that no policy permits is refused (protocol ${vsn})`, async (t) => {
    const clients = new Clients(t, server)
    const channel = clients.connect({ vsn }).channel('vault', { config: { private: true } })

    const { status, error } = await new Joined(channel).trySubscribe()

    assert.equal(status, 'CHANNEL_ERROR')
    assert.equal(error.message, 'Unauthorized: You do not have permissions to read from this Channel topic: vault')
  })

  test(`a token that expires closes its channel, one that was refreshed goes on (protocol ${vsn})`, async (t) => {
    const clients = new Clients(t, server)
    const token = clientToken({ seconds: 3 })
    const expiring = clients.connect({ vsn, token })
    const refreshed = clients.connect({ vsn, token })
    const sender = await clients.join(clients.connect({ vsn }), 'expiry')
    const closed = await clients.join(expiring, 'expiry')
    const stays = await clients.join(refreshed, 'expiry')

    await refreshed.setAuth(clientToken())

    const system = await closed.systems.next('the message that the token expired')
    assert.deepEqual([system.status, system.extension, system.channel], ['error', 'system', 'expiry'])
    assert.match(system.message, /^Token has expired \d+ seconds ago$/)
    assert.equal((await closed.statuses.next('the end of the channel')).status, 'CLOSED')
    assert.ok(expiring.isConnected())
    await sender.send('after', {})
    assert.equal((await stays.nextBroadcast()).event, 'after')
  })

  test(`a refresh with a bad token closes the channel (protocol ${vsn})`, async (t) => {
    const clients = new Clients(t, server)
    const client = clients.connect({ vsn })
    const room = await clients.join(client, 'refresh')

    await client.setAuth('nonsense')

    const system = await room.systems.next('the message about the token')
    assert.deepEqual([system.status, system.message], ['error', 'The token provided is not a valid JWT'])
    assert.equal((await room.statuses.next('the end of the channel')).status, 'CLOSED')
  })
}

test('a client with the wrong token reports an error and no subscription', async (t) => {
  const clients = new Clients(t, server)
  const client = clients.connect({ token: clientToken({ secret: 'some-other-secret' }) })

  const { status } = await new Joined(client.channel('room')).trySubscribe()

  assert.equal(status, 'CHANNEL_ERROR')
  assert.equal(client.isConnected(), false)
})
