import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Clients, Joined, versions } from './support/clients.mjs'
import { Inbox } from './support/inbox.mjs'
import { Server } from './support/server.mjs'

let server
before(async () => {
  server = await Server.start()
  await server.sql(`
    create table public.todos (id int primary key, title text, owner text);
    alter table public.todos enable row level security;
    grant select on public.todos to anon, authenticated;
    create policy own on public.todos for select to authenticated
      using (owner = current_setting('request.jwt.claims', true)::jsonb ->> 'sub');
    create table public.news (id int primary key, title text);
    alter table public.news replica identity full;
    grant select on public.news to anon, authenticated;
    drop publication if exists supabase_realtime;
    create publication supabase_realtime for table public.todos, public.news`)
})
after(() => server?.dispose())

for (const vsn of versions) {
  describe(`Protocol ${vsn}`, () => {
    const id = vsn === '1.0.0' ? 100 : 200

    test('inserts, updates and deletes of a table arrive', async (t) => {
      const news = await listen(t, { vsn }, { event: '*', schema: 'public', table: 'news', filter: `id=eq.${id}` })

      await server.sql(`insert into news values (${id}, 'new'), (${id + 1}, 'filtered out')`)
      await server.sql(`update news set title = 'changed' where id = ${id}`)
      await server.sql(`delete from news where id in (${id}, ${id + 1})`)

      const inserted = await news.changes.next('the insert')
      assert.deepEqual([inserted.eventType, inserted.schema, inserted.table, inserted.new], ['INSERT', 'public', 'news', { id, title: 'new' }])
      assert.deepEqual(inserted.errors, null)
      const updated = await news.changes.next('the update')
      assert.deepEqual([updated.eventType, updated.new, updated.old], ['UPDATE', { id, title: 'changed' }, { id, title: 'new' }])
      const deleted = await news.changes.next('the delete')
      assert.deepEqual([deleted.eventType, deleted.old], ['DELETE', { id, title: 'changed' }])
    })

    test('row level security decides who sees a row', async (t) => {
      const entry = { event: 'INSERT', schema: 'public', table: 'todos' }
      const ada = await listen(t, { vsn, token: server.token({ role: 'authenticated', sub: 'ada' }) }, entry)
      const bob = await listen(t, { vsn, token: server.token({ role: 'authenticated', sub: 'bob' }) }, entry)

      await server.sql(`insert into todos values (${id}, 'a', 'ada'), (${id + 1}, 'b', 'bob')`)

      assert.equal((await ada.changes.next("ada's row")).new.id, id)
      assert.equal((await bob.changes.next("bob's row")).new.id, id + 1)
    })

    test('a subscription to a table that is not published is refused with the reason', async (t) => {
      const clients = new Clients(t, server)
      const channel = clients.connect({ vsn }).channel('unpublished')
      channel.on('postgres_changes', { event: '*', schema: 'public', table: 'nothing' }, () => {})
      const joined = new Joined(channel)
      await joined.subscribe()

      const message = await joined.systems.next('the refusal')

      assert.equal(message.status, 'error')
      assert.match(message.message, /Please check Realtime is enabled for the given connect parameters: \[event: \*, schema: public, table: nothing/)
    })

    test('a message sent by the database arrives as a broadcast', async (t) => {
      const clients = new Clients(t, server)
      const client = clients.connect({ vsn })
      const channel = client.channel('from-database', { config: { broadcast: { replication_ready: true } } })
      const joined = new Joined(channel)
      await joined.subscribe()
      await joined.systems.nextThat('the replication connection', (m) => m.message === 'Replication connection established')

      await server.sql(`select realtime.send('{"n": 1}', 'tick', 'from-database', false)`)

      const broadcast = await joined.nextBroadcast()
      assert.deepEqual([broadcast.event, broadcast.payload.n, broadcast.payload.id], ['tick', 1, broadcast.meta.id])
    })
  })
}

/** A channel that is subscribed to changes of a table. */
async function listen(t, options, entry) {
  const clients = new Clients(t, server)
  const channel = clients.connect(options).channel(`changes-${Math.random()}`)
  const changes = new Inbox()
  channel.on('postgres_changes', entry, changes.put)
  const joined = new Joined(channel)
  await joined.subscribe()
  await joined.systems.nextThat('the subscription', (m) => m.message === 'Subscribed to PostgreSQL', 20_000)
  return { changes }
}
