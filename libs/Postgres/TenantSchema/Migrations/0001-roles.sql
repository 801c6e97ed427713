-- Roles that appear in tokens, and the owner of the schema's objects. A platform image has them; a plain PostgreSQL does not.
-- What the login role may not create is left out with a warning: its later use gives the error that says what is missing.
do $roles$
declare
  wanted record;
  member text;
begin
  for wanted in
    select * from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      ('supabase_realtime_admin', 'nologin noinherit nocreatedb nocreaterole noreplication nobypassrls')
    ) as role(name, attributes)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      begin
        execute format('create role %I %s', wanted.name, wanted.attributes);
        if wanted.name = 'supabase_realtime_admin' then
          alter role supabase_realtime_admin set search_path to public, extensions, realtime;
        end if;
      exception
        when insufficient_privilege then
          raise warning 'role % is missing and % may not create it (needs CREATEROLE): %', wanted.name, current_user, sqlerrm;
      end;
    end if;
  end loop;

  -- The owner of the functions can act as the roles of the tokens.
  if exists (select from pg_catalog.pg_roles where rolname = 'supabase_realtime_admin') then
    foreach member in array array['anon', 'authenticated', 'service_role'] loop
      if exists (select from pg_catalog.pg_roles where rolname = member)
        and not pg_catalog.pg_has_role('supabase_realtime_admin', member, 'member') then
        begin
          execute format('grant %I to supabase_realtime_admin', member);
        exception
          when insufficient_privilege then
            raise warning 'supabase_realtime_admin cannot be made a member of %: %', member, sqlerrm;
        end;
      end if;
    end loop;
  end if;

  -- A superuser can become any role and owns everything; another login role has to be a member.
  if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    foreach member in array array['anon', 'authenticated', 'service_role', 'supabase_realtime_admin'] loop
      if exists (select from pg_catalog.pg_roles where rolname = member)
        and not pg_catalog.pg_has_role(current_user, member, 'usage') then
        begin
          if current_setting('server_version_num')::integer >= 160000 then
            execute format('grant %I to %I with inherit true, set true', member, current_user);
          else
            execute format('grant %I to %I', member, current_user);
          end if;
        exception
          when insufficient_privilege then
            raise warning '% cannot be made a member of %: %', current_user, member, sqlerrm;
        end;
      end if;
    end loop;
  end if;
end
$roles$;
