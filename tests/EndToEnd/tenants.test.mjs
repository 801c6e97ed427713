import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Clients, Joined, versions } from './support/clients.mjs'
import { Server } from './support/server.mjs'
import { clientToken } from './support/tokens.mjs'

let server
let acme
let globex
before(async () => {
  server = await Server.start()
  acme = { tenant: 'acme', token: clientToken({ secret: await server.createTenant('acme') }) }
  globex = { tenant: 'globex', token: clientToken({ secret: await server.createTenant('globex') }) }
})
after(() => server?.dispose())

for (const vsn of versions) {
  test(`tenants never see each other's broadcasts (protocol ${vsn})`, async (t) => {
    const clients = new Clients(t, server)
    const [acmeSender, acmeReceiver] = [clients.connect({ ...acme, vsn }), clients.connect({ ...acme, vsn })]
    const [globexSender, globexReceiver] = [clients.connect({ ...globex, vsn }), clients.connect({ ...globex, vsn })]
    const config = { broadcast: { ack: true } } // a send is over when it has happened
    const [fromAcme, toAcme] = [await clients.join(acmeSender, 'room', config), await clients.join(acmeReceiver, 'room', config)]
    const [fromGlobex, toGlobex] = [await clients.join(globexSender, 'room', config), await clients.join(globexReceiver, 'room', config)]

    await fromAcme.send('for-acme', { n: 1 })
    await acmeSender.channel('room').httpSend('for-acme-too', { n: 2 })
    await fromGlobex.send('for-globex', { n: 3 })
    await toAcme.send('end', {})
    await toGlobex.send('end', {})

    assert.equal((await toAcme.nextBroadcast()).event, 'for-acme')
    assert.equal((await toAcme.nextBroadcast()).event, 'for-acme-too')
    assert.equal((await toGlobex.nextBroadcast()).event, 'for-globex') // the first it sees: acme's never came
    assert.deepEqual((await fromAcme.broadcasts.nextThat('the end', ({ event }) => event === 'end')).payload, {})
    assert.equal((await fromGlobex.nextBroadcast()).event, 'end')
  })
}

test('a token of one tenant opens no socket of another', async (t) => {
  const clients = new Clients(t, server)

  const answer = await clients.handshake(`${server.socketUrl('globex')}/websocket?vsn=2.0.0&apikey=${acme.token}`)

  assert.equal(answer.status, 401)
  assert.deepEqual(JSON.parse(answer.body), { error: 'Failed to validate JWT signature' })
})

test('a tenant is found by the operators as it was made', async () => {
  const found = await server.manage('GET', '/acme')

  assert.equal(found.status, 200)
  assert.equal(found.body.data.external_id, 'acme')
  assert.equal(found.body.data.extensions[0].type, 'postgres_cdc_rls')
  assert.equal((await server.manage('GET', '/nobody')).status, 404)
})

test('a tenant that takes private channels only refuses public ones', async (t) => {
  const clients = new Clients(t, server)
  const token = clientToken({ secret: await server.createTenant('initech', { private_only: true }) })

  const { status, error } = await new Joined(clients.connect({ tenant: 'initech', token }).channel('room')).trySubscribe()

  assert.equal(status, 'CHANNEL_ERROR')
  assert.equal(error.message, 'PrivateOnly: This project only allows private channels')
})

test('a new secret disconnects the clients of that tenant alone', async (t) => {
  const clients = new Clients(t, server)
  const secret = await server.createTenant('hooli')
  const client = clients.connect({ tenant: 'hooli', token: clientToken({ secret }) })
  const room = await clients.join(client, 'room')
  const other = await clients.join(clients.connect(acme), 'room')

  const updated = await server.manage('PUT', '/hooli', { tenant: { jwt_secret: 'another-secret-of-hooli-0001' } })

  assert.equal(updated.status, 200)
  const system = await room.systems.next('the message before the end')
  assert.deepEqual([system.status, system.message], ['ok', 'Server requested disconnect'])
  assert.equal((await room.statuses.next('the end of the connection')).status, 'CHANNEL_ERROR')
  assert.equal(other.channel.state, 'joined')
})

test('a deleted tenant is gone', async (t) => {
  const clients = new Clients(t, server)
  const secret = await server.createTenant('umbrella')

  const deleted = await server.manage('DELETE', '/umbrella')

  assert.equal(deleted.status, 204)
  const answer = await clients.handshake(`${server.socketUrl('umbrella')}/websocket?vsn=2.0.0&apikey=${clientToken({ secret })}`)
  assert.deepEqual([answer.status, answer.body], [404, '{"error":"Tenant not found"}'])
})
