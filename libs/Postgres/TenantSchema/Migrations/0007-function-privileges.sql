-- PUBLIC may execute the functions, as PostgreSQL grants by default; they run with the caller's rights.
do $functions$
declare
  signature text;
  grantee text;
begin
  foreach signature in array array[
    'realtime.topic()',
    'realtime.send(jsonb, text, text, boolean)',
    'realtime.send_binary(bytea, text, text, boolean)',
    'realtime.broadcast_changes(text, text, text, text, text, record, record, text)'
  ] loop
    foreach grantee in array array['postgres', 'dashboard_user'] loop
      if exists (select from pg_catalog.pg_roles where rolname = grantee) then
        execute format('grant execute on function %s to %I', signature, grantee);
      end if;
    end loop;

    if exists (select from pg_catalog.pg_roles where rolname = 'supabase_realtime_admin') then
      execute format('alter function %s owner to supabase_realtime_admin', signature);
    end if;
  end loop;

  -- Creating a policy needs ownership, unless the platform's supautils grants it by configuration.
  if exists (select from pg_catalog.pg_roles where rolname = 'postgres' and not rolsuper and rolname <> current_user)
    and exists (select from pg_catalog.pg_roles where rolname = 'supabase_realtime_admin')
    and coalesce(current_setting('supautils.policy_grants', true), '') not like '%realtime.messages%'
    and not pg_catalog.pg_has_role('postgres', 'supabase_realtime_admin', 'member') then
    grant supabase_realtime_admin to postgres;
  end if;
end
$functions$;
