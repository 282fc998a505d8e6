-- What hands out work walks one index in its order. `enable_sort = off` and an order that only that
-- index has leave the planner no other: on an empty table a scan of the shard looks as good, and such
-- a plan is kept while the table grows (60 ms instead of 3 for 64 parts).

-- New messages for a sorter: the oldest of connections that nobody sorts, the longest unattended
-- first. The connection is the sorter's until it has settled the last one, or its lease ends.
create or replace function inbox_take(p_shards smallint[], p_limit int, p_lease interval)
returns table (shard smallint, tenant uuid, message uuid, connection uuid, arrived bigint,
               received_at timestamptz, method text, headers bytea, body bytea, day date,
               fence bigint)
language plpgsql volatile security definer
set search_path = public, pg_temp
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_left int := p_limit;
  v_last bigint;
  c record;
begin
  for c in select k.shard, k.tenant, k.connection from inbox_connection k
            where k.shard = any (p_shards) and (k.lease_until is null or k.lease_until <= v_now)
              and (select true from inbox i
                    where i.shard = k.shard and i.tenant = k.tenant
                      and i.connection = k.connection and i.state = 'new'
                    order by i.arrived limit 1)
            order by k.taken_at nulls first limit p_limit
            for update of k skip locked loop
    exit when v_left <= 0;
    select max(n.arrived) into v_last
      from (select i.arrived from inbox i
             where i.shard = c.shard and i.tenant = c.tenant and i.connection = c.connection
               and i.state = 'new' order by i.arrived limit v_left) n;
    continue when v_last is null;
    update inbox_connection k
       set lease_until = v_now + p_lease, lease_fence = k.lease_fence + 1, taken_at = v_now,
           taken_up_to = v_last
     where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.connection
     returning k.lease_fence into fence;
    for shard, tenant, message, connection, arrived, received_at, method, headers, body, day in
      select i.shard, i.tenant, i.message, i.connection, i.arrived, i.received_at, i.method,
             i.headers, i.body, i.day
        from inbox i
       where i.shard = c.shard and i.tenant = c.tenant and i.connection = c.connection
         and i.state = 'new' and i.arrived <= v_last order by i.arrived loop
      v_left := v_left - 1;
      return next;
    end loop;
  end loop;
end $$;

-- The parts a worker may apply: of each lane the oldest, unless somebody holds it. One that was
-- taken eight times and never came back is set aside, so that the lane goes on.
create or replace function part_take(
  p_shards smallint[], p_limit int, p_lease interval, p_attempts int)
returns table (shard smallint, tenant uuid, message uuid, ordinal int)
language plpgsql volatile security definer
set search_path = public, pg_temp
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_left int := p_limit;
  v_shard smallint;
  p record;
begin
  foreach v_shard in array p_shards loop
    exit when v_left <= 0;
    continue when not exists (
      select from inbox_part d
       where d.shard = v_shard and d.state in ('sorted', 'taken') and d.run_at <= v_now
         and (d.lease_until is null or d.lease_until <= v_now)
       order by d.run_at limit 1);
    perform 1 from part_turn t where t.shard = v_shard for update skip locked;
    continue when not found;
    for p in select d.tenant, d.message, d.ordinal, d.attempts from inbox_part d
              where d.shard = v_shard and d.state in ('sorted', 'taken') and d.run_at <= v_now
                and (d.lease_until is null or d.lease_until <= v_now)
                and case when (d.arrived, d.ordinal) = (
                  select o.arrived, o.ordinal from inbox_part o
                   where o.shard = d.shard and o.tenant = d.tenant and o.lane = d.lane
                     and o.done_at is null
                   order by o.arrived, o.ordinal limit 1)
                then (  -- one that was replayed may be older than the one that is held
                  select bool_and(n.free) from (
                    select o.lease_until is null or o.lease_until <= v_now as free
                      from inbox_part o
                     where o.shard = d.shard and o.tenant = d.tenant and o.lane = d.lane
                       and o.done_at is null
                     order by o.arrived, o.ordinal offset 0) n)
                end
              order by d.run_at limit v_left loop
      if p.attempts >= p_attempts then
        update inbox_part d
           set state = 'quarantined', lease_until = null, done_at = v_now,
               reason = format('taken %s times without an outcome', p.attempts)
         where d.shard = v_shard and d.tenant = p.tenant and d.message = p.message
           and d.ordinal = p.ordinal;
        continue;
      end if;
      update inbox_part d
         set state = 'taken', attempts = d.attempts + 1, lease_until = v_now + p_lease,
             lease_fence = d.lease_fence + 1
       where d.shard = v_shard and d.tenant = p.tenant and d.message = p.message
         and d.ordinal = p.ordinal and (d.state || '') in ('sorted', 'taken')
         and (d.lease_until is null or d.lease_until <= v_now);
      if found then
        v_left := v_left - 1;
        shard := v_shard; tenant := p.tenant; message := p.message; ordinal := p.ordinal;
        return next;
      end if;
    end loop;
  end loop;
end $$;

-- Everything that waits in one lane, for a claim that cannot wait for the queue. No rows and
-- `held` when a worker has the lane.
create or replace function part_take_lane(
  p_shard smallint, p_tenant uuid, p_lane text, p_lease interval,
  out held boolean, out messages uuid[], out ordinals int[])
language plpgsql volatile security definer
set search_path = public, pg_temp
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
  v_now timestamptz;
  p record;
begin
  messages := '{}';
  ordinals := '{}';
  perform 1 from part_turn t where t.shard = p_shard for update;
  v_now := clock_timestamp();
  held := coalesce((
    select bool_or(n.held) from (
      select d.lease_until > v_now as held from inbox_part d
       where d.shard = p_shard and d.tenant = p_tenant and d.lane = p_lane and d.done_at is null
       order by d.arrived, d.ordinal offset 0) n), false);
  if held then
    return;
  end if;
  for p in select d.message, d.ordinal from inbox_part d
            where d.shard = p_shard and d.tenant = p_tenant and d.lane = p_lane
              and d.done_at is null
            order by d.arrived, d.ordinal loop
    update inbox_part d
       set state = 'taken', attempts = d.attempts + 1, lease_until = v_now + p_lease,
           lease_fence = d.lease_fence + 1
     where d.shard = p_shard and d.tenant = p_tenant and d.message = p.message
       and d.ordinal = p.ordinal and (d.state || '') in ('sorted', 'taken');
    if found then
      messages := messages || p.message;
      ordinals := ordinals || p.ordinal;
    end if;
  end loop;
end $$;

-- Whether a connection has messages that nobody has sorted, up to one of them.
create function inbox_waits(p_shard smallint, p_tenant uuid, p_connection uuid, p_upto bigint)
returns boolean
language plpgsql stable security definer
set search_path = public, pg_temp
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
begin
  return coalesce((
    select i.arrived <= p_upto from inbox i
     where i.shard = p_shard and i.tenant = p_tenant and i.connection = p_connection
       and i.state = 'new' order by i.arrived limit 1), false);
end $$;
alter function inbox_waits owner to cartbridge_engine;
revoke all on function inbox_waits from public;
grant execute on function inbox_waits to cartbridge_app;
