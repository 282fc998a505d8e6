-- What goes across tenants: receiving a batch, and handing out work. Each is one call in its
-- implicit transaction, so a paused process holds no lock. Loops over short statements with the
-- whole key, not joins: a new table's statistics would turn a join into a scan of the shard.

-- The shard of what is found by a key: the first twelve bits of its hash, dealt out like slots.
create function shard_of_key(p_key bytea) returns smallint
language sql stable security definer set search_path = public, pg_temp as $$
  select ((get_byte(h, 0) * 16 + get_byte(h, 1) / 16) * i.shards / 4096)::smallint
    from installation i, sha256(p_key) h
$$;

-- Store a batch of deliveries. Answers, in the order given, under which message each is kept and
-- whether it had come before. A message that is stored already is answered as it was: the batch
-- may be sent again after a cut.
create function inbox_receive(
  p_shard smallint[], p_tenant uuid[], p_connection uuid[], p_message uuid[], p_method text[],
  p_headers bytea[], p_body bytea[], p_size int[], p_day date[], p_dedup bytea[])
returns table (message uuid, duplicate boolean)
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  c record;
  m record;
  v_first uuid;
begin
  -- Locks the connections in one order; arrivals of one connection follow each other.
  for c in select k.shard, k.tenant, k.connection, count(*) as messages
             from unnest(p_shard, p_tenant, p_connection) as k(shard, tenant, connection)
            group by 1, 2, 3 order by 1, 2, 3 loop
    insert into inbox_connection as i (shard, tenant, connection, arrived)
      values (c.shard, c.tenant, c.connection, c.messages)
      on conflict (shard, tenant, connection) do update set arrived = i.arrived + c.messages;
  end loop;

  for m in select n.*, row_number() over same - count(*) over (
                    partition by n.shard, n.tenant, n.connection) as back
             from unnest(p_shard, p_tenant, p_connection, p_message, p_method, p_headers, p_body,
                         p_size, p_day, p_dedup) with ordinality
               as n(shard, tenant, connection, message, method, headers, body, size, day, dedup,
                    ord)
           window same as (partition by n.shard, n.tenant, n.connection order by n.ord)
            order by n.ord loop
    if exists (select from inbox i
                where i.shard = m.shard and i.tenant = m.tenant and i.message = m.message) then
      message := m.message; duplicate := false;
      return next;
      continue;
    end if;
    select i.message into v_first from inbox i
     where i.shard = m.shard and i.tenant = m.tenant and i.connection = m.connection
       and i.dedup = m.dedup;
    if found then
      message := v_first; duplicate := true;
      return next;
      continue;
    end if;
    insert into inbox (shard, tenant, message, connection, arrived, method, headers, body, size,
                       day, dedup)
      values (m.shard, m.tenant, m.message, m.connection,
              m.back + (select i.arrived from inbox_connection i
                         where i.shard = m.shard and i.tenant = m.tenant
                           and i.connection = m.connection),
              m.method, m.headers, m.body, m.size, m.day, m.dedup);
    message := m.message; duplicate := false;
    return next;
  end loop;
end $$;

-- New messages for a sorter: the oldest of connections that nobody sorts, the longest unattended
-- first. The connection is the sorter's until it has settled the last one, or its lease ends.
create function inbox_take(p_shards smallint[], p_limit int, p_lease interval)
returns table (shard smallint, tenant uuid, message uuid, connection uuid, arrived bigint,
               received_at timestamptz, method text, headers bytea, body bytea, day date,
               fence bigint)
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
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
              and exists (select from inbox i
                           where i.shard = k.shard and i.tenant = k.tenant
                             and i.connection = k.connection and i.state = 'new' offset 0)
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

-- What a sorter found in the messages it took: parts, or a reason to set the message aside. True
-- where it was noted, false where another sorter has the connection by now. `p_of` says to which
-- of the messages (from 1) a part belongs. A part that the connection told before is ignored.
create function inbox_settle(
  p_shard smallint[], p_tenant uuid[], p_connection uuid[], p_fence bigint[], p_message uuid[],
  p_state text[], p_reason text[],
  p_of int[], p_ordinal int[], p_lane text[], p_ref text[], p_revision bigint[], p_dedup bytea[])
returns boolean[]
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_done boolean[] := array_fill(false, array[cardinality(p_message)]);
  v_arrived bigint;
  v_repeated boolean;
  s record;
  p record;
begin
  for s in select m.* from unnest(p_shard, p_tenant, p_connection, p_fence, p_message, p_state,
                                  p_reason) with ordinality
                  as m(shard, tenant, connection, fence, message, state, reason, ord)
            order by m.shard, m.tenant, m.connection, m.ord loop
    perform 1 from inbox_connection k
      where k.shard = s.shard and k.tenant = s.tenant and k.connection = s.connection
        and k.lease_fence = s.fence for update;
    continue when not found;
    update inbox i set state = s.state, reason = s.reason, done_at = clock_timestamp()
     where i.shard = s.shard and i.tenant = s.tenant and i.message = s.message and i.state = 'new'
     returning i.arrived into v_arrived;
    continue when not found;
    for p in select q.* from unnest(p_of, p_ordinal, p_lane, p_ref, p_revision, p_dedup)
                    as q("of", ordinal, lane, ref, revision, dedup)
              where q."of" = s.ord order by q.ordinal loop
      v_repeated := false;
      if p.dedup is not null then
        insert into seen (shard, tenant, connection, key)
          values (s.shard, s.tenant, s.connection, p.dedup) on conflict do nothing;
        v_repeated := not found;
      end if;
      insert into inbox_part (shard, tenant, message, ordinal, connection, arrived, lane, ref,
                              revision, dedup, state, reason, done_at)
        values (s.shard, s.tenant, s.message, p.ordinal, s.connection, v_arrived, p.lane,
                p.ref::json, p.revision, p.dedup,
                case when v_repeated then 'ignored' else 'sorted' end,
                case when v_repeated then 'duplicate' end,
                case when v_repeated then clock_timestamp() end);
    end loop;
    update inbox_connection k set lease_until = null
     where k.shard = s.shard and k.tenant = s.tenant and k.connection = s.connection
       and k.taken_up_to <= v_arrived;
    v_done[s.ord] := true;
  end loop;
  return v_done;
end $$;

-- The parts a worker may apply: of each lane the oldest, if nobody holds one of that lane. One
-- that was taken eight times and never came back is set aside, so that the lane goes on.
create function part_take(p_shards smallint[], p_limit int, p_lease interval, p_attempts int)
returns table (shard smallint, tenant uuid, message uuid, ordinal int)
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
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
         and (d.lease_until is null or d.lease_until <= v_now));
    perform 1 from part_turn t where t.shard = v_shard for update skip locked;
    continue when not found;
    for p in select d.tenant, d.message, d.ordinal, d.attempts from inbox_part d
              where d.shard = v_shard and d.state in ('sorted', 'taken') and d.run_at <= v_now
                and (d.lease_until is null or d.lease_until <= v_now)
                and not exists (
                  select from inbox_part o
                   where o.shard = d.shard and o.tenant = d.tenant and o.lane = d.lane
                     and o.state in ('sorted', 'taken')
                     and ((o.arrived, o.ordinal) < (d.arrived, d.ordinal)
                          or o.lease_until > v_now) offset 0)
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
         and d.ordinal = p.ordinal and d.state in ('sorted', 'taken')
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
create function part_take_lane(
  p_shard smallint, p_tenant uuid, p_lane text, p_lease interval,
  out held boolean, out messages uuid[], out ordinals int[])
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_now timestamptz;
begin
  messages := '{}';
  ordinals := '{}';
  perform 1 from part_turn t where t.shard = p_shard for update;
  v_now := clock_timestamp();
  held := exists (
    select from inbox_part d
     where d.shard = p_shard and d.tenant = p_tenant and d.lane = p_lane
       and d.state in ('sorted', 'taken') and d.lease_until > v_now);
  if held then
    return;
  end if;
  with taken as (
    update inbox_part d
       set state = 'taken', attempts = d.attempts + 1, lease_until = v_now + p_lease,
           lease_fence = d.lease_fence + 1
     where d.shard = p_shard and d.tenant = p_tenant and d.lane = p_lane
       and d.state in ('sorted', 'taken') and (d.lease_until is null or d.lease_until <= v_now)
    returning d.message, d.ordinal, d.arrived)
  select coalesce(array_agg(t.message order by t.arrived, t.ordinal), '{}'),
         coalesce(array_agg(t.ordinal order by t.arrived, t.ordinal), '{}')
    into messages, ordinals from taken t;
end $$;

-- The taken parts beside the deliveries they came in, in the order given.
create function part_read(p_shard smallint[], p_tenant uuid[], p_message uuid[], p_ordinal int[])
returns table (shard smallint, tenant uuid, message uuid, ordinal int, connection uuid,
               arrived bigint, lane text, ref json, revision bigint, attempts int, fence bigint,
               received_at timestamptz, method text, headers bytea, body bytea, day date)
language sql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
  select d.*
    from unnest(p_shard, p_tenant, p_message, p_ordinal) with ordinality
           as t(shard, tenant, message, ordinal, ord)
   cross join lateral (
     select p.shard, p.tenant, p.message, p.ordinal, p.connection, p.arrived, p.lane, p.ref,
            p.revision, p.attempts, p.lease_fence, i.received_at, i.method, i.headers, i.body,
            i.day
       from inbox_part p, inbox i
      where p.shard = t.shard and p.tenant = t.tenant and p.message = t.message
        and p.ordinal = t.ordinal
        and i.shard = t.shard and i.tenant = t.tenant and i.message = t.message
     offset 0) d
   order by t.ord
$$;

-- Bodies of messages that are done with are dropped; ids, hashes and reasons stay.
create function inbox_forget(p_shard smallint, p_before timestamptz, p_limit int)
returns bigint
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  m record;
  v_done bigint := 0;
begin
  for m in select i.tenant, i.message from inbox i
            where i.shard = p_shard and i.received_at < p_before and i.body is not null
              and i.state in ('sorted', 'ignored')
              and not exists (
                select from inbox_part p
                 where p.shard = i.shard and p.tenant = i.tenant and p.message = i.message
                   and p.state in ('sorted', 'taken', 'quarantined') offset 0)
            order by i.received_at limit p_limit loop
    update inbox i set headers = null, body = null
     where i.shard = p_shard and i.tenant = m.tenant and i.message = m.message;
    v_done := v_done + 1;
  end loop;
  return v_done;
end $$;

-- Day keys that encrypt nothing any more are destroyed: what is left on old pages stays unreadable.
create function day_keys_forget(p_before date)
returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_done bigint;
begin
  delete from day_key k
   where k.day < p_before
     and not exists (select from inbox i
                      where i.tenant = k.tenant and i.day = k.day and i.body is not null);
  get diagnostics v_done = row_count;
  return v_done;
end $$;

create type outbox_endpoint as (shard smallint, tenant uuid, connection uuid);

-- The messages a worker may send: of each lane the oldest, if nobody holds one of that lane, and
-- no more per connection than it bears at once. A connection whose circuit is open is left out;
-- one that is half open gets a single message and stays shut to others until that one is told.
create function outbox_take(
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
  v_waiting outbox_endpoint[];
  v_inside constant uuid := '00000000-0000-0000-0000-000000000000';
  v_circuit circuit;
  c record;
  m record;
begin
  -- Skips from one connection to the next along the index, however many messages each has.
  v_waiting := array(
    with recursive waiting as (
      (select o.tenant, o.endpoint from outbox o where o.state = 'waiting'
        order by o.tenant, o.endpoint limit 1)
      union all
      select n.tenant, n.endpoint from waiting w
       cross join lateral (
         select o.tenant, o.endpoint from outbox o
          where o.state = 'waiting' and (o.tenant, o.endpoint) > (w.tenant, w.endpoint)
          order by o.tenant, o.endpoint limit 1) n)
    select row (shard_of_key(uuid_send(w.endpoint)), w.tenant, w.endpoint)::outbox_endpoint
      from waiting w order by w.tenant, w.endpoint);
  -- In one order for all workers: of two that make the same rows one waits for the other.
  for c in select w.shard, w.tenant, w.connection from unnest(v_waiting) w loop
    continue when exists (
      select from circuit k
       where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.connection);
    insert into circuit (shard, tenant, connection) values (c.shard, c.tenant, c.connection)
      on conflict do nothing;
  end loop;

  for c in select w.shard, w.tenant, w.connection as endpoint from unnest(v_waiting) w
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
    v_room := v_left;
    if c.endpoint <> v_inside then
      v_room := least(v_left, p_per_connection - (
        select count(*) from outbox o
         where o.tenant = c.tenant and o.endpoint = c.endpoint and o.state = 'waiting'
           and o.lease_until > v_now));
    end if;
    if v_circuit.failures >= p_threshold then
      v_room := least(v_room, 1);
    end if;
    continue when v_room <= 0;
    for m in select o.shard, o.id, o.attempts from outbox o
              where o.tenant = c.tenant and o.endpoint = c.endpoint and o.state = 'waiting'
                and o.run_at <= v_now and (o.lease_until is null or o.lease_until <= v_now)
                and not exists (
                  select from outbox e
                   where e.tenant = o.tenant and e.endpoint = o.endpoint and e.lane = o.lane
                     and e.state = 'waiting'
                     and (e."order" < o."order" or e.lease_until > v_now) offset 0)
              order by o.run_at, o."order" limit v_room loop
      if m.attempts >= p_attempts then
        update outbox o
           set state = 'dead', lease_until = null,
               reason = format('taken %s times without an outcome', m.attempts)
         where o.shard = m.shard and o.tenant = c.tenant and o.id = m.id;
        continue;
      end if;
      update outbox o
         set lease_until = v_now + p_lease, lease_fence = o.lease_fence + 1,
             attempts = o.attempts + 1
       where o.shard = m.shard and o.tenant = c.tenant and o.id = m.id and o.state = 'waiting'
         and (o.lease_until is null or o.lease_until <= v_now)
      returning o.shard, o.tenant, o.id, o.document, o.lane, o.kind, o.connection, o.payload,
                o.created_at, o.attempts, o.lease_fence
           into shard, tenant, id, document, lane, kind, connection, payload, created_at,
                attempts, fence;
      if found then
        v_left := v_left - 1;
        if v_circuit.failures >= p_threshold then
          update circuit k set open_until = v_now + p_lease
           where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.endpoint;
        end if;
        return next;
      end if;
    end loop;
  end loop;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array[
    'shard_of_key', 'inbox_receive', 'inbox_take', 'inbox_settle', 'part_take', 'part_take_lane',
    'part_read', 'inbox_forget', 'day_keys_forget', 'outbox_take'] loop
    execute format('alter function %I owner to cartbridge_engine', name);
    execute format('revoke all on function %I from public', name);
    execute format('grant execute on function %I to cartbridge_app', name);
  end loop;
end $$;
