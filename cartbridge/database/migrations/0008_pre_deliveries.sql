-- Handing out what goes out, however much waits; outcomes of many deliveries in one call; and
-- subscriptions, the retailer's own systems that are told what happens.

-- Where the last look through an endpoint's lanes ended, for endpoints with long lanes.
alter table circuit add column lane_after text not null default '';

-- Messages of an endpoint that could be handed out, among so many that are looked at: by the time
-- they are due, as many as there is room for, or (p_lane_after is not null) lane by lane, the lanes
-- behind that one.
create function outbox_candidates(
  p_tenant uuid, p_endpoint uuid, p_now timestamptz, p_held text[], p_window int,
  p_room int, p_lane_after text)
returns table (place tid, attempts int, lane text, free boolean)
language plpgsql volatile
set search_path = public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
begin
  if p_lane_after is null then
    return query
      select w.place, w.attempts, w.lane, true
        from (select o.ctid as place, o.attempts, o.lane, o.run_at, o."order" from outbox o
               where o.tenant = p_tenant and o.endpoint = p_endpoint and o.state = 'waiting'
                 and o.run_at <= p_now and (o.lease_until is null or o.lease_until <= p_now)
               order by o.run_at, o."order" limit p_window) w
       where w.lane <> all (p_held) and not exists (
         select from outbox e
          where e.tenant = p_tenant and e.endpoint = p_endpoint and e.lane = w.lane
            and e.state = 'waiting' and e."order" < w."order" offset 0)
       limit p_room;
  else
    return query
      with recursive head as (
        (select o.ctid as place, o.attempts, o.lane, o.run_at, o.lease_until from outbox o
          where o.tenant = p_tenant and o.endpoint = p_endpoint and o.state = 'waiting'
            and o.lane > p_lane_after
          order by o.lane, o."order" limit 1)
        union all
        select n.* from head h
         cross join lateral (
           select o.ctid as place, o.attempts, o.lane, o.run_at, o.lease_until from outbox o
            where o.tenant = p_tenant and o.endpoint = p_endpoint and o.state = 'waiting'
              and o.lane > h.lane
            order by o.lane, o."order" limit 1) n)
      select w.place, w.attempts, w.lane,
             w.run_at <= p_now and (w.lease_until is null or w.lease_until <= p_now)
             and w.lane <> all (p_held)
        from (select h.* from head h limit p_window) w;
  end if;
end $$;

-- Leases those messages. By their places in the table, which a plan made for an empty table finds
-- as fast as any: every other way to read is switched off.
create function outbox_lease(p_places tid[], p_now timestamptz, p_lease interval)
returns setof outbox
language sql volatile
set search_path = public, pg_temp
set enable_seqscan = off set enable_indexscan = off set enable_bitmapscan = off
as $$
  update outbox o
     set lease_until = p_now + p_lease, lease_fence = o.lease_fence + 1, attempts = o.attempts + 1
   where o.ctid = any (p_places) and o.state = 'waiting'
     and (o.lease_until is null or o.lease_until <= p_now)
  returning o.*
$$;

-- Removes those messages, if they still lie there.
create function outbox_remove(p_places tid[]) returns setof uuid
language sql volatile
set search_path = public, pg_temp
set enable_seqscan = off set enable_indexscan = off set enable_bitmapscan = off
as $$
  delete from outbox o
   where o.ctid = any (p_places) and o.state = 'waiting' and o.lease_until is not null
  returning o.id
$$;

-- A look costs what it hands out, not what waits. It follows the due messages in their order and
-- keeps those that are the oldest of a lane nobody holds; when long lanes stand before the others,
-- it goes on from lane to lane instead. Locks circuits before messages, as outbox_finish does.
create or replace function outbox_take(
  p_limit int, p_lease interval, p_per_connection int, p_threshold int, p_attempts int)
returns table (shard smallint, tenant uuid, id uuid, document uuid, lane text, kind text,
               connection uuid, payload bytea, created_at timestamptz, attempts int, fence int)
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_left int := p_limit;
  v_room int;
  v_window int;
  v_given int;
  v_due outbox_endpoint[];
  v_held text[];
  v_inside constant uuid := '00000000-0000-0000-0000-000000000000';
  v_circuit circuit;
  v_by_lane boolean;
  v_last text;
  v_places tid[];
  c record;
  m record;
begin
  -- Skips from one endpoint to the next along the index; its first message tells if any is due.
  v_due := array(
    with recursive waiting as (
      (select o.tenant, o.endpoint, o.run_at from outbox o where o.state = 'waiting'
        order by o.tenant, o.endpoint, o.run_at limit 1)
      union all
      select n.tenant, n.endpoint, n.run_at from waiting w
       cross join lateral (
         select o.tenant, o.endpoint, o.run_at from outbox o
          where o.state = 'waiting' and (o.tenant, o.endpoint) > (w.tenant, w.endpoint)
          order by o.tenant, o.endpoint, o.run_at limit 1) n)
    select row (shard_of_key(uuid_send(w.endpoint)), w.tenant, w.endpoint)::outbox_endpoint
      from waiting w where w.run_at <= v_now order by w.tenant, w.endpoint);
  -- In one order for all workers: of two that make the same rows one waits for the other.
  for c in select w.shard, w.tenant, w.connection from unnest(v_due) w loop
    continue when exists (
      select from circuit k
       where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.connection);
    insert into circuit (shard, tenant, connection) values (c.shard, c.tenant, c.connection)
      on conflict do nothing;
  end loop;

  for c in select w.shard, w.tenant, w.connection as endpoint from unnest(v_due) w
            order by random() loop
    exit when v_left <= 0;
    continue when not exists (
      select from outbox o
       where o.tenant = c.tenant and o.endpoint = c.endpoint and o.state = 'waiting'
         and o.run_at <= v_now and (o.lease_until is null or o.lease_until <= v_now));
    -- Looked at before it is locked: a lock is a write, and an open circuit is asked often.
    continue when exists (
      select from circuit k
       where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.endpoint
         and (k.paused or k.open_until > v_now));
    select * into v_circuit from circuit k
     where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.endpoint
       for update skip locked;
    continue when not found or v_circuit.paused or v_circuit.open_until > v_now;
    -- A lane stays with whoever holds any message of it.
    v_held := array(
      select o.lane from outbox o
       where o.tenant = c.tenant and o.endpoint = c.endpoint and o.state = 'waiting'
         and o.lease_until > v_now);
    v_room := v_left;
    if c.endpoint <> v_inside then
      v_room := least(v_left, p_per_connection - cardinality(v_held));
    end if;
    if v_circuit.failures >= p_threshold then
      v_room := least(v_room, 1);
    end if;
    continue when v_room <= 0;
    v_window := 4 * v_room + 64;
    v_given := 0;
    v_places := '{}';
    v_by_lane := false;
    loop
      for m in select * from outbox_candidates(c.tenant, c.endpoint, v_now, v_held, v_window, v_room,
                        case when v_by_lane then v_circuit.lane_after end) loop
        exit when v_given >= v_room;
        v_last := m.lane;
        continue when not m.free;
        if m.attempts >= p_attempts then
          update outbox o
             set state = 'dead', lease_until = null,
                 reason = format('taken %s times without an outcome', m.attempts)
           where o.ctid = m.place;
          continue;
        end if;
        v_places := v_places || m.place;
        v_held := v_held || m.lane;
        v_given := v_given + 1;
      end loop;
      if v_by_lane then
        -- The next look goes on behind the last lane, or begins again.
        update circuit k set lane_after = case when v_given < v_room then '' else v_last end
         where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.endpoint;
        exit;
      end if;
      -- Were all due messages looked at?
      exit when v_given >= v_room or not exists (
        select from outbox o
         where o.tenant = c.tenant and o.endpoint = c.endpoint and o.state = 'waiting'
           and o.run_at <= v_now and (o.lease_until is null or o.lease_until <= v_now)
         order by o.run_at, o."order" offset v_window - v_given limit 1);
      v_by_lane := true;
      v_last := '';
    end loop;
    continue when v_given = 0;
    v_left := v_left - v_given;
    return query
      select t.shard, t.tenant, t.id, t.document, t.lane, t.kind, t.connection, t.payload,
             t.created_at, t.attempts, t.lease_fence
        from outbox_lease(v_places, v_now, p_lease) t;
    if v_circuit.failures >= p_threshold then
      update circuit k set open_until = v_now + p_lease
       where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.endpoint;
    end if;
  end loop;
end $$;

-- Both functions below find a message by its whole key; `state || ''` keeps partial indexes on the
-- state out of it, which would be read from their beginning.

-- What became of deliveries, and how their endpoints behaved: of each once, whether it answered
-- well, and how often it failed after that. True where the fence still held.
create function outbox_finish(
  p_shard smallint[], p_tenant uuid[], p_id uuid[], p_fence int[], p_outcome text[],
  p_delay interval[], p_reason text[],
  p_circuit_shard smallint[], p_circuit_tenant uuid[], p_circuit uuid[], p_well boolean[],
  p_failures int[], p_failure text[], p_threshold int, p_first_pause interval,
  p_longest_pause interval)
returns boolean[]
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_done boolean[] := array_fill(false, array[cardinality(p_id)]);
  v_removed uuid[];
  v_whole boolean;
  k record;
begin
  for k in select * from unnest(p_circuit_shard, p_circuit_tenant, p_circuit, p_well, p_failures,
                                p_failure) as x(shard, tenant, connection, well, failures, reason)
            order by x.shard, x.tenant, x.connection loop
    if k.well then
      update circuit c set failures = 0, open_until = null,
                           reason = case when c.paused then c.reason end
       where c.shard = k.shard and c.tenant = k.tenant and c.connection = k.connection
         and c.failures > 0;
    end if;
    if k.failures > 0 then
      insert into circuit as c (shard, tenant, connection, failures, reason)
        values (k.shard, k.tenant, k.connection, k.failures, k.reason)
        on conflict (shard, tenant, connection)
        do update set failures = c.failures + k.failures,
          reason = case when c.paused then c.reason else excluded.reason end,
          open_until = case when c.failures + k.failures >= p_threshold
            then clock_timestamp() + least(
              p_first_pause * power(2, least(c.failures + k.failures - p_threshold, 20)),
              p_longest_pause)
            end;
    end if;
  end loop;
  v_removed := array(select outbox_remove(array(
    select o.ctid from unnest(p_shard, p_tenant, p_id, p_fence, p_outcome)
                       as x(shard, tenant, id, fence, outcome)
     cross join lateral (
       select w.ctid from outbox w
        where w.shard = x.shard and w.tenant = x.tenant and w.id = x.id
          and w.lease_fence = x.fence and (w.state || '') = 'waiting'
          and w.lease_until is not null
       offset 0) o
     where x.outcome = 'done')));
  v_whole := cardinality(v_removed) = cardinality(array_positions(p_outcome, 'done'));
  for i in 1 .. cardinality(p_id) loop
    if p_outcome[i] = 'done' then
      v_done[i] := v_whole or p_id[i] = any (v_removed);
      continue;
    end if;
    update outbox o
       set lease_until = null, reason = p_reason[i],
           state = case when p_outcome[i] = 'dead' then 'dead' else 'waiting' end,
           run_at = case when p_outcome[i] = 'dead' then o.run_at
                      else clock_timestamp() + p_delay[i] end
     where o.shard = p_shard[i] and o.tenant = p_tenant[i] and o.id = p_id[i]
       and o.lease_fence = p_fence[i] and (o.state || '') = 'waiting'
       and o.lease_until is not null;
    v_done[i] := found;
  end loop;
  return v_done;
end $$;

-- Deliveries that are still under way: true where the fence still held.
create function outbox_hold(
  p_shard smallint[], p_tenant uuid[], p_id uuid[], p_fence int[], p_lease interval)
returns boolean[]
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_done boolean[] := array_fill(false, array[cardinality(p_id)]);
begin
  for i in 1 .. cardinality(p_id) loop
    update outbox o set lease_until = clock_timestamp() + p_lease
     where o.shard = p_shard[i] and o.tenant = p_tenant[i] and o.id = p_id[i]
       and o.lease_fence = p_fence[i] and (o.state || '') = 'waiting'
       and o.lease_until is not null;
    v_done[i] := found;
  end loop;
  return v_done;
end $$;

-- A system of the retailer that is told what happens: where, of what, and how far it was told.
create table subscription (
  shard smallint not null,  -- of the tenant
  tenant uuid not null,
  id uuid not null,
  url text not null,
  types text[],  -- null: all
  description text,
  secrets json not null,  -- ciphertext
  state text not null default 'active' check (state in ('active', 'paused', 'ended')),
  reason text,  -- why it is paused or ended
  cursor text not null,  -- of the feed: everything before it was put into the outbox
  created_at timestamptz not null default clock_timestamp(),
  last_delivered_at timestamptz,
  failing_since timestamptz,  -- nothing was taken since then
  last_error text,
  last_error_at timestamptz,
  primary key (shard, tenant, id)
) with (fillfactor = 50);

grant select, insert, update, delete on subscription to cartbridge_app, cartbridge_engine;
alter table subscription enable row level security, force row level security;
create policy tenant_rows on subscription to cartbridge_app
  using (tenant = nullif(current_setting('cartbridge.tenant', true), '')::uuid)
  with check (tenant = nullif(current_setting('cartbridge.tenant', true), '')::uuid);
create policy all_rows on subscription to cartbridge_engine using (true) with check (true);

-- Every tenant's subscriptions that want to be told.
create function subscriptions_active()
returns table (tenant uuid, id uuid, types text[], cursor text)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.tenant, s.id, s.types, s.cursor from subscription s where s.state = 'active'
   order by random()
$$;

do $$
declare
  name text;
begin
  foreach name in array array['outbox_candidates', 'outbox_lease', 'outbox_remove', 'outbox_finish',
                              'outbox_hold', 'subscriptions_active'] loop
    execute format('alter function %I owner to cartbridge_engine', name);
    execute format('revoke all on function %I from public', name);
    execute format('grant execute on function %I to cartbridge_app', name);
  end loop;
end $$;
