-- What waits in the queues of all tenants, for the metrics: counted up to a bound and looked for at
-- the head of an index, so that a look costs about the same however much waits.
create function queue_gauges(
  p_most int,
  out inbox_new bigint, out inbox_new_seconds double precision,
  out parts_waiting bigint, out parts_overdue_seconds double precision,
  out messages_quarantined bigint, out parts_quarantined bigint,
  out outbox_waiting bigint, out outbox_overdue_seconds double precision,
  out dead_letters bigint, out circuits_open bigint, out circuits_paused bigint)
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_oldest timestamptz;
begin
  select count(*) into inbox_new
    from (select from inbox i where i.state = 'new' limit p_most) n;
  -- The first of each connection: arrivals of one follow each other.
  select min(n.received_at) into v_oldest
    from inbox_connection k
   cross join lateral (
     select i.received_at from inbox i
      where i.shard = k.shard and i.tenant = k.tenant and i.connection = k.connection
        and i.state = 'new' order by i.arrived limit 1) n;
  inbox_new_seconds := age_seconds(v_now, v_oldest);

  select count(*) into parts_waiting
    from (select from inbox_part p where p.state in ('sorted', 'taken') limit p_most) n;
  select min(n.run_at) into v_oldest
    from part_turn t
   cross join lateral (
     select p.run_at from inbox_part p
      where p.shard = t.shard and p.state in ('sorted', 'taken') order by p.run_at limit 1) n;
  parts_overdue_seconds := age_seconds(v_now, v_oldest);

  select count(*) into messages_quarantined
    from (select from inbox i where i.state = 'quarantined' limit p_most) n;
  select count(*) into parts_quarantined
    from (select from inbox_part p where p.state = 'quarantined' limit p_most) n;

  select count(*) into outbox_waiting
    from (select from outbox o where o.state = 'waiting' limit p_most) n;
  -- From one connection to the next along the index. What waits by an operator's wish is not late.
  with recursive endpoint as (
    (select o.tenant, o.endpoint, o.run_at from outbox o where o.state = 'waiting'
      order by o.tenant, o.endpoint, o.run_at limit 1)
    union all
    select n.tenant, n.endpoint, n.run_at from endpoint e
     cross join lateral (
       select o.tenant, o.endpoint, o.run_at from outbox o
        where o.state = 'waiting' and (o.tenant, o.endpoint) > (e.tenant, e.endpoint)
        order by o.tenant, o.endpoint, o.run_at limit 1) n)
  select min(e.run_at) into v_oldest from endpoint e
   where not exists (
     select from circuit c
      where c.shard = shard_of_key(uuid_send(e.endpoint)) and c.tenant = e.tenant
        and c.connection = e.endpoint and c.paused);
  outbox_overdue_seconds := age_seconds(v_now, v_oldest);

  select count(*) into dead_letters
    from (select from outbox o where o.state = 'dead' limit p_most) n;
  select count(*) filter (where c.open_until > v_now and not c.paused),
         count(*) filter (where c.paused)
    into circuits_open, circuits_paused from circuit c;
end $$;

-- How long ago, never less than nothing; 0 where there is none.
create function age_seconds(p_now timestamptz, p_then timestamptz) returns double precision
language sql immutable as $$
  select greatest(0, coalesce(extract(epoch from p_now - p_then), 0))::double precision
$$;

do $$
begin
  alter function queue_gauges owner to cartbridge_engine;
  revoke all on function queue_gauges from public;
  grant execute on function queue_gauges to cartbridge_app;
end $$;
