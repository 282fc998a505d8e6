-- The same functions with plans that do not depend on statistics. A row that is named by its whole
-- key and looked at for its state must not be found through a partial index on that state: such an
-- index is scanned from its beginning, dead entries included (0.5 ms a row instead of 0.02 after a
-- few batches). `state || ''` hides the condition from those indexes, the key finds the row.

-- What a sorter found in the messages it took: parts, or a reason to set the message aside. True
-- where it was noted, false where another sorter has the connection by now. `p_of` says to which
-- of the messages (from 1) a part belongs. A part that the connection told before is ignored.
create or replace function inbox_settle(
  p_shard smallint[], p_tenant uuid[], p_connection uuid[], p_fence bigint[], p_message uuid[],
  p_state text[], p_reason text[],
  p_of int[], p_ordinal int[], p_lane text[], p_ref text[], p_revision bigint[], p_dedup bytea[])
returns boolean[]
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_done boolean[] := array_fill(false, array[cardinality(p_message)]);
  v_arrived bigint[] := array_fill(null::bigint, array[cardinality(p_message)]);
  v_new boolean[] := array_fill(true, array[cardinality(p_of)]);
  v_now timestamptz := clock_timestamp();
  v_at bigint;
  c record;
  s record;
  p record;
begin
  -- Connection by connection in one order, so that two sorters never wait for each other crosswise.
  for c in select m.shard, m.tenant, m.connection, m.fence, array_agg(m.ord order by m.ord) as ords
             from unnest(p_shard, p_tenant, p_connection, p_fence) with ordinality
                  as m(shard, tenant, connection, fence, ord)
            group by 1, 2, 3, 4 order by 1, 2, 3, 4 loop
    perform 1 from inbox_connection k
      where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.connection
        and k.lease_fence = c.fence for update;
    continue when not found;
    for s in select o.ord from unnest(c.ords) as o(ord) loop
      update inbox i set state = p_state[s.ord], reason = p_reason[s.ord], done_at = v_now
       where i.shard = c.shard and i.tenant = c.tenant and i.message = p_message[s.ord]
         and (i.state || '') = 'new'
       returning i.arrived into v_at;
      if found then
        v_arrived[s.ord] := v_at;
        v_done[s.ord] := true;
      end if;
    end loop;
    update inbox_connection k set lease_until = null
     where k.shard = c.shard and k.tenant = c.tenant and k.connection = c.connection
       and k.taken_up_to <= (select max(v_arrived[o.ord]) from unnest(c.ords) as o(ord));
  end loop;

  for p in select q.* from unnest(p_of, p_dedup) with ordinality as q("of", dedup, ord)
            where q.dedup is not null and v_done[q."of"] order by q.ord loop
    insert into seen (shard, tenant, connection, key)
      values (p_shard[p."of"], p_tenant[p."of"], p_connection[p."of"], p.dedup)
      on conflict do nothing;
    v_new[p.ord] := found;
  end loop;

  insert into inbox_part (shard, tenant, message, ordinal, connection, arrived, lane, ref, revision,
                          dedup, state, reason, run_at, done_at)
    select p_shard[q."of"], p_tenant[q."of"], p_message[q."of"], q.ordinal, p_connection[q."of"],
           v_arrived[q."of"], q.lane, q.ref::json, q.revision, q.dedup,
           case when v_new[q.ord] then 'sorted' else 'ignored' end,
           case when not v_new[q.ord] then 'duplicate' end, v_now,
           case when not v_new[q.ord] then v_now end
      from unnest(p_of, p_ordinal, p_lane, p_ref, p_revision, p_dedup) with ordinality
           as q("of", ordinal, lane, ref, revision, dedup, ord)
     where v_done[q."of"];
  return v_done;
end $$;

-- A lane is looked up through an index of its own: a condition on the state would also fit the
-- index of what is due, which a new table's statistics make look as good.
create index inbox_part_open_idx on inbox_part (shard, tenant, lane, arrived, ordinal)
  where done_at is null;
drop index inbox_part_lane_idx;

-- The parts a worker may apply: of each lane the oldest, if nobody holds one of that lane. One
-- that was taken eight times and never came back is set aside, so that the lane goes on.
create or replace function part_take(p_shards smallint[], p_limit int, p_lease interval, p_attempts int)
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
                     and o.done_at is null
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
       and d.done_at is null and d.lease_until > v_now);
  if held then
    return;
  end if;
  with taken as (
    update inbox_part d
       set state = 'taken', attempts = d.attempts + 1, lease_until = v_now + p_lease,
           lease_fence = d.lease_fence + 1
     where d.shard = p_shard and d.tenant = p_tenant and d.lane = p_lane
       and d.done_at is null and (d.lease_until is null or d.lease_until <= v_now)
    returning d.message, d.ordinal, d.arrived)
  select coalesce(array_agg(t.message order by t.arrived, t.ordinal), '{}'),
         coalesce(array_agg(t.ordinal order by t.arrived, t.ordinal), '{}')
    into messages, ordinals from taken t;
end $$;

-- Answers a position per event (of the winners') and a status per command: 0 appended, 1 repeated (this very submission is already
-- stored), 2 duplicate (another submission of the same command is), 3 conflict.
-- Look-ups are correlated sub-selects behind `offset 0`: with a new table's statistics the planner
-- would turn a join or a plain exists into a scan of the whole shard. Locks come first, so that
-- positions are gapless and their order is commit order.
create or replace function append_commands(
  p_commands command_in[], p_streams stream_in[], p_events event_in[], p_views view_in[],
  p_keys key_in[], p_leases lease_in[], p_outbox outbox_in[], p_marks mark_in[],
  out statuses smallint[], out positions bigint[])
language plpgsql volatile security definer
set search_path = public, pg_temp
set enable_seqscan = off
as $$
declare
  v_now timestamptz;
  v_shard smallint[];
  v_tenant uuid[];
  v_command uuid[];
  v_base bigint[];      -- per command: the position of its shard before this batch
  v_lost int[];         -- commands that met another version or another key than they expected
  v_lease lease_in;
  v_mark mark_in;
begin
  select array_agg(c.shard order by c.ord), array_agg(c.tenant order by c.ord),
         array_agg(c.id order by c.ord)
    into v_shard, v_tenant, v_command
    from unnest(p_commands) with ordinality as c(shard, tenant, id, submission, ord);

  perform 1 from shard_counter where shard = any (v_shard) order by shard for update;
  v_now := clock_timestamp();
  v_base := array(
    select (select c.position from shard_counter c where c.shard = s.shard offset 0)
      from unnest(v_shard) with ordinality as s(shard, ord) order by s.ord);

  v_lost := array(
    select s.command_ord from unnest(p_streams) s
     where s.expected <> coalesce(
             (select h.version from stream h
               where h.shard = v_shard[s.command_ord] and h.tenant = v_tenant[s.command_ord]
                 and h.id = s.id offset 0), 0)
        or (s.expected = 0 and exists (
             select from tombstone t
              where t.shard = v_shard[s.command_ord] and t.tenant = v_tenant[s.command_ord]
                and t.id = s.id offset 0))
    union all
    select k.command_ord from unnest(p_keys) k
     where k.replaces is distinct from
             (select d.wrapped from document_key d
               where d.shard = v_shard[k.command_ord] and d.tenant = v_tenant[k.command_ord]
                 and d.root = k.root offset 0));

  select array_agg(
           (case when j.known = j.submission then 1
                 when j.known is not null then 2
                 when j.ord = any (v_lost) then 3
                 else 0 end)::smallint order by j.ord)
    into statuses
    from (select c.ord, c.submission,
                 (select k.submission from command k
                   where k.shard = c.shard and k.tenant = c.tenant and k.id = c.id
                  offset 0) as known
            from unnest(p_commands) with ordinality as c(shard, tenant, id, submission, ord)
          offset 0) j;

  positions := array(
    select v_base[e.command_ord]
             + count(*) filter (where statuses[e.command_ord] = 0)
                 over (partition by v_shard[e.command_ord] order by e.ord)
      from unnest(p_events) with ordinality as e(
             command_ord, stream, version, type, schema_version, occurred_at, header, body,
             sealed, hash, ord)
     order by e.ord);

  insert into event (shard, position, tenant, stream, version, type, schema_version, command,
                     occurred_at, recorded_at, header, body, sealed, hash)
    select v_shard[e.command_ord], positions[e.ord], v_tenant[e.command_ord], e.stream, e.version,
           e.type, e.schema_version, v_command[e.command_ord], e.occurred_at, v_now,
           e.header, e.body, e.sealed, e.hash
      from unnest(p_events) with ordinality as e(
             command_ord, stream, version, type, schema_version, occurred_at, header, body,
             sealed, hash, ord)
     where statuses[e.command_ord] = 0
     order by e.ord;

  if found then
    insert into stream (shard, tenant, id, kind, key_root, version, hash)
      select v_shard[s.command_ord], v_tenant[s.command_ord], s.id, s.kind, s.key_root, s.version,
             s.hash
        from unnest(p_streams) s where statuses[s.command_ord] = 0
      on conflict (shard, tenant, id)
      do update set version = excluded.version, hash = excluded.hash;

    insert into view (shard, tenant, id, kind, version, state, updated_at, due_at, customer, body,
                      sealed)
      select v_shard[w.command_ord], v_tenant[w.command_ord], w.id, w.kind, w.version, w.state,
             v_now, w.due_at, w.customer, w.body, w.sealed
        from unnest(p_views) w where statuses[w.command_ord] = 0
      on conflict (shard, tenant, id)
      do update set version = excluded.version, state = excluded.state,
                    updated_at = excluded.updated_at, due_at = excluded.due_at,
                    customer = excluded.customer, body = excluded.body, sealed = excluded.sealed;

    insert into command (shard, tenant, id, submission, recorded_at)
      select c.shard, c.tenant, c.id, c.submission, v_now
        from unnest(p_commands) with ordinality as c(shard, tenant, id, submission, ord)
       where statuses[c.ord] = 0;

    insert into document_key (shard, tenant, root, wrapped, wrapped_by)
      select v_shard[k.command_ord], v_tenant[k.command_ord], k.root, k.wrapped, k.wrapped_by
        from unnest(p_keys) k where statuses[k.command_ord] = 0
      on conflict (shard, tenant, root)
      do update set wrapped = excluded.wrapped, wrapped_by = excluded.wrapped_by;

    update shard_counter c set position = m.last
      from (select v_shard[e.command_ord] as shard, max(positions[e.ord]) as last
              from unnest(p_events) with ordinality as e(
                     command_ord, stream, version, type, schema_version, occurred_at, header,
                     body, sealed, hash, ord)
             where statuses[e.command_ord] = 0 group by 1) m
     where c.shard = m.shard;
  end if;

  foreach v_lease in array p_leases loop
    if statuses[v_lease.command_ord] <> 0 then
      continue;
    elsif v_lease.claim is null then
      delete from lease l
       where l.shard = v_shard[v_lease.command_ord] and l.tenant = v_tenant[v_lease.command_ord]
         and l.document = v_lease.document;
    else
      insert into lease (shard, tenant, document, claim, terminal, until, hold)
        values (v_shard[v_lease.command_ord], v_tenant[v_lease.command_ord], v_lease.document,
                v_lease.claim, v_lease.terminal,
                coalesce(v_lease.until, v_now + make_interval(secs => v_lease.seconds)),
                v_lease.hold)
        on conflict (shard, tenant, document)
        do update set claim = excluded.claim, terminal = excluded.terminal,
                      until = excluded.until, hold = excluded.hold;
    end if;
  end loop;

  if cardinality(p_outbox) > 0 then
    insert into outbox (shard, tenant, id, document, lane, kind, connection, payload, run_at)
      select v_shard[o.command_ord], v_tenant[o.command_ord], o.id, o.document, o.lane, o.kind,
             o.connection, o.payload, coalesce(o.run_at, v_now)
        from unnest(p_outbox) with ordinality as o(
               command_ord, id, document, lane, kind, connection, payload, run_at, ord)
       where statuses[o.command_ord] = 0
       order by o.ord;
  end if;

  -- A repeated command has done its work before: what asked for it again is finished too.
  foreach v_mark in array p_marks loop
    if statuses[v_mark.command_ord] <> 3 then
      update inbox_part p
         set state = v_mark.outcome, lease_until = null, done_at = clock_timestamp()
       where p.shard = v_mark.shard and p.tenant = v_tenant[v_mark.command_ord]
         and p.message = v_mark.message and p.ordinal = v_mark.ordinal
         and (p.state || '') in ('sorted', 'taken');
    end if;
  end loop;
end $$;
