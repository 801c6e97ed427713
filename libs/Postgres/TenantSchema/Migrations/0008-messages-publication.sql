-- What the broadcast stream reads. The publication of Postgres Changes (supabase_realtime) belongs to the customer.
do $publication$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime_messages_publication') then
    create publication supabase_realtime_messages_publication for table realtime.messages;
  end if;
exception
  -- The stream makes sure of the publication itself and reports what is missing.
  when insufficient_privilege then
    raise warning 'publication supabase_realtime_messages_publication was not created: %', sqlerrm;
end
$publication$;
