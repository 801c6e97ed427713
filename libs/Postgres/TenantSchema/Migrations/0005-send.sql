-- Broadcasts from SQL. A failure must not end the caller's transaction, so it becomes a warning.
create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql
as $function$
declare
  message_id uuid := gen_random_uuid();
  stored jsonb := payload;
begin
  if not (payload ? 'id') then
    stored := jsonb_set(payload, '{id}', to_jsonb(message_id::text));
  end if;

  -- For the policies of realtime.messages; a null topic is a syntax error here.
  execute format('set local realtime.topic to %L', topic);

  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (message_id, stored, event, topic, private, 'broadcast');
exception
  when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$function$;

-- An overload of that type existed for a while and makes calls of send ambiguous.
drop function if exists realtime.send(bytea, text, text, boolean);

create or replace function realtime.send_binary(payload bytea, event text, topic text, private boolean default true) returns void
language plpgsql
as $function$
begin
  execute format('set local realtime.topic to %L', topic);

  insert into realtime.messages (binary_payload, event, topic, private, extension)
  values (payload, event, topic, private, 'broadcast');
exception
  when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$function$;
