-- The topic that is being checked or sent to, for policies; null outside of both.
create or replace function realtime.topic() returns text
language sql stable
as $function$
  select nullif(current_setting('realtime.topic', true), '')
$function$;
