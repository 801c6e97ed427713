import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import WebSocket from 'ws'
import { Clients, Joined, versions } from './support/clients.mjs'
import { Inbox } from './support/inbox.mjs'
import { Server } from './support/server.mjs'

let server
before(async () => { server = await Server.start() })
after(() => server?.dispose())

/** A subscribed channel whose presence is watched. */
async function joinWatched(clients, vsn, topic, key) {
  let socket
  class Transport extends WebSocket {
    constructor(...options) {
      super(...options)
      socket = this
    }
  }
  const joined = new Joined(clients.connect({ vsn, transport: Transport }).channel(topic, { config: { presence: { key } } }))
  const [syncs, joins, leaves] = [new Inbox(), new Inbox(), new Inbox()]
  joined.channel
    .on('presence', { event: 'sync' }, () => syncs.put(joined.channel.presenceState()))
    .on('presence', { event: 'join' }, joins.put)
    .on('presence', { event: 'leave' }, leaves.put)
  await joined.subscribe()
  return Object.assign(joined, {
    joins,
    leaves,
    vanish: () => socket.terminate(), // no close frame
    stateOf: (what, matches) => syncs.nextThat(what, matches),
  })
}

for (const vsn of versions) {
  describe(`Protocol ${vsn}`, () => {
    test('clients see each other come and go', async (t) => {
      const clients = new Clients(t, server)
      const topic = `room-${vsn}`
      const alice = await joinWatched(clients, vsn, topic, 'alice')
      const bob = await joinWatched(clients, vsn, topic, 'bob')

      assert.equal(await alice.channel.track({ name: 'Alice', list: [1, null] }), 'ok')
      assert.equal(await bob.channel.track({ name: 'Bob' }), 'ok')

      for (const watcher of [alice, bob]) {
        const state = await watcher.stateOf('both members', (state) => state.alice && state.bob)
        assert.equal(state.bob[0].name, 'Bob')
        assert.deepEqual(state.alice[0].list, [1, null])
        assert.match(state.alice[0].presence_ref, /^[\w-]{16}$/)
      }

      assert.equal(await bob.channel.untrack(), 'ok')
      const left = await alice.leaves.nextThat('the leave of Bob', ({ key }) => key === 'bob')
      assert.equal(left.leftPresences[0].name, 'Bob')
      assert.equal((await alice.stateOf('Alice alone', (state) => !state.bob)).alice.length, 1)
    })

    test('who joins late knows everybody, and a lost connection is a leave', async (t) => {
      const clients = new Clients(t, server)
      const topic = `late-${vsn}`
      const alice = await joinWatched(clients, vsn, topic, 'alice')
      await alice.channel.track({ n: 1 })
      const bob = await joinWatched(clients, vsn, topic, 'bob')
      assert.equal((await bob.stateOf('Alice', (state) => state.alice)).alice[0].n, 1)

      alice.vanish()

      const left = await bob.leaves.nextThat('the leave of Alice', ({ key }) => key === 'alice')
      assert.equal(left.leftPresences[0].n, 1)
    })
  })
}

test('presence can be asked for over HTTP', async (t) => {
  const clients = new Clients(t, server)
  const alice = await joinWatched(clients, '2.0.0', 'asked/for', 'alice')
  await alice.channel.track({ n: 1 })
  await alice.stateOf('Alice', (state) => state.alice)

  const response = await fetch(`${server.httpUrl('realtime-dev')}/api/presence/asked%2Ffor`, { headers: { apikey: server.token() } })

  assert.equal(response.status, 200)
  const { topic, count, presences } = await response.json()
  assert.deepEqual([topic, count, presences.alice.metas[0].n], ['asked/for', 1, 1])
})
