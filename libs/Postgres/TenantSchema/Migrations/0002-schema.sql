-- Who may use the schema, and what the customer's administrative roles get on objects that the server creates later.
do $schema$
declare
  grantee text;
begin
  if exists (select from pg_catalog.pg_roles where rolname = 'supabase_realtime_admin') then
    grant usage, create on schema realtime to supabase_realtime_admin with grant option;
  end if;

  foreach grantee in array array['anon', 'authenticated', 'service_role', 'dashboard_user'] loop
    if exists (select from pg_catalog.pg_roles where rolname = grantee) then
      execute format('grant usage on schema realtime to %I', grantee);
    end if;
  end loop;

  foreach grantee in array array['postgres', 'dashboard_user'] loop
    if exists (select from pg_catalog.pg_roles where rolname = grantee) and grantee <> current_user then
      if grantee = 'postgres' then
        grant usage on schema realtime to postgres with grant option;
      end if;

      execute format('alter default privileges in schema realtime grant all on tables to %I', grantee);
      execute format('alter default privileges in schema realtime grant all on sequences to %I', grantee);
      execute format('alter default privileges in schema realtime grant all on functions to %I', grantee);
    end if;
  end loop;
end
$schema$;
