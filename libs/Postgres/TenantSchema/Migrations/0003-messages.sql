-- The table whose policies decide who may read and write private channels, and whose rows are broadcast.

-- Databases of 2024 have the table without partitions. Its rows were never kept for long and cannot stay; its policies can.
create temporary table realtime_kept_policies on commit drop as
select format(
    'create policy %I on realtime.messages as %s for %s to %s%s%s',
    polname,
    case when polpermissive then 'permissive' else 'restrictive' end,
    case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
    case
      when polroles = array[0::oid] then 'public'
      else (select string_agg(quote_ident(rolname), ', ') from pg_catalog.pg_roles where oid = any (polroles))
    end,
    ' using (' || pg_get_expr(polqual, polrelid) || ')',
    ' with check (' || pg_get_expr(polwithcheck, polrelid) || ')') as statement
from pg_catalog.pg_policy
where polrelid = to_regclass('realtime.messages')
  and exists (select from pg_catalog.pg_class where oid = polrelid and relkind = 'r');

do $old$
begin
  if exists (select from pg_catalog.pg_class where oid = to_regclass('realtime.messages') and relkind = 'r') then
    drop table realtime.messages;
  end if;
end
$old$;

create table if not exists realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp without time zone not null default now(),
  inserted_at timestamp without time zone not null default now(),
  id uuid not null default gen_random_uuid(),
  binary_payload bytea,
  constraint messages_pkey primary key (id, inserted_at)
) partition by range (inserted_at);

alter table realtime.messages
  add column if not exists payload jsonb,
  add column if not exists event text,
  add column if not exists private boolean default false,
  add column if not exists binary_payload bytea;

alter table realtime.messages enable row level security;

create index if not exists messages_inserted_at_topic_index on realtime.messages (inserted_at desc, topic)
  where extension = 'broadcast' and private is true;

do $messages$
declare
  grantee text;
  kept text;
begin
  if not exists (
    select from pg_catalog.pg_constraint
    where conrelid = 'realtime.messages'::regclass and conname = 'messages_payload_exclusive'
  ) then
    alter table realtime.messages
      add constraint messages_payload_exclusive check (payload is null or binary_payload is null) not valid;
  end if;

  foreach grantee in array array['anon', 'authenticated', 'service_role'] loop
    if exists (select from pg_catalog.pg_roles where rolname = grantee) then
      execute format('grant select, insert, update on realtime.messages to %I', grantee);
    end if;
  end loop;

  foreach grantee in array array['postgres', 'dashboard_user'] loop
    if exists (select from pg_catalog.pg_roles where rolname = grantee) then
      execute format('grant all on realtime.messages to %I', grantee);
    end if;
  end loop;

  for kept in select statement from realtime_kept_policies loop
    execute kept;
  end loop;

  if exists (select from pg_catalog.pg_roles where rolname = 'supabase_realtime_admin') then
    alter table realtime.messages owner to supabase_realtime_admin;
  end if;
end
$messages$;
