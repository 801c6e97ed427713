import { RealtimeClient } from '@supabase/realtime-js'
import WebSocket from 'ws'
import { Inbox } from './inbox.mjs'

/** Both serializations of the protocol. */
export const versions = ['1.0.0', '2.0.0']

/** The clients and sockets of one test; disconnects them with the test. */
export class Clients {
  #server
  #closing = []

  constructor(test, server) {
    this.#server = server
    test.after(() => Promise.all(this.#closing.map((close) => close())))
  }

  /** The real JavaScript client, connected to a tenant. */
  connect({ tenant, token = this.#server.token(), ...options } = {}) {
    const client = new RealtimeClient(this.#server.socketUrl(tenant), {
      transport: WebSocket,
      params: { apikey: token },
      logger: () => {},
      ...options,
    })
    this.#closing.push(async () => {
      await client.removeAllChannels()
      await client.disconnect()
    })
    return client
  }

  /** A subscribed channel with what it receives. */
  async join(client, topic, config = {}) {
    const joined = new Joined(client.channel(topic, { config }))
    await joined.subscribe()
    return joined
  }

  /** Opens a bare WebSocket. Resolves to its refusal, or to status 101. */
  handshake(url, headers = {}) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { headers, handshakeTimeout: 10_000 })
      socket.on('open', () => resolve({ status: 101 }))
      socket.on('error', reject)
      socket.on('unexpected-response', async (_, response) => {
        const chunks = await response.toArray()
        resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() })
      })
      this.#closing.push(() => socket.terminate())
    })
  }
}

/** A channel, its status changes, its broadcasts and its system messages. */
export class Joined {
  statuses = new Inbox()
  broadcasts = new Inbox()
  systems = new Inbox()

  constructor(channel) {
    this.channel = channel
    channel.on('broadcast', { event: '*' }, this.broadcasts.put)
    channel.on('system', {}, this.systems.put)
  }

  /** Subscribes; rejects with the server's reason when it is refused. */
  async subscribe() {
    const { status, error } = await this.trySubscribe()
    if (status !== 'SUBSCRIBED') throw new Error(`${this.channel.topic}: ${status} ${error?.message ?? ''}`)
  }

  /** Subscribes; resolves to the first status. */
  trySubscribe() {
    this.channel.subscribe((status, error) => this.statuses.put({ status, error }))
    return this.statuses.next(`the answer to joining ${this.channel.topic}`, 15_000)
  }

  send(event, payload) {
    return this.channel.send({ type: 'broadcast', event, payload })
  }

  nextBroadcast(what = `a broadcast on ${this.channel.topic}`) {
    return this.broadcasts.next(what)
  }
}
