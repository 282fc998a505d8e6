-- The one way into the journal: a batch of commands of several tenants and shards, in one call.

create type command_in as (shard smallint, tenant uuid, id uuid, submission uuid);
create type stream_in as (
  command_ord int, id uuid, kind text, key_root uuid, expected int, version int, hash bytea);
create type event_in as (
  command_ord int, stream uuid, version int, type text, schema_version int,
  occurred_at timestamptz, header bytea, body bytea, sealed bytea, hash bytea);
create type view_in as (
  command_ord int, id uuid, kind text, version int, state text, due_at timestamptz,
  customer uuid, body bytea, sealed bytea);
-- `replaces` is the wrapped key the sender saw, null where it saw none.
create type key_in as (command_ord int, root uuid, wrapped bytea, wrapped_by text, replaces bytea);
-- Without a claim the lease is dropped. It runs until a time, or for seconds from the append.
create type lease_in as (
  command_ord int, document uuid, claim uuid, terminal text, until timestamptz,
  seconds double precision, hold boolean);
create type outbox_in as (
  command_ord int, id uuid, document uuid, lane text, kind text, connection uuid,
  payload bytea, run_at timestamptz);
create type mark_in as (
  command_ord int, shard smallint, message uuid, ordinal int, outcome text);

-- Answers a position per event (of the winners') and a status per command: 0 appended, 1 repeated (this very submission is already
-- stored), 2 duplicate (another submission of the same command is), 3 conflict.
-- Look-ups are correlated sub-selects behind `offset 0`: with a new table's statistics the planner
-- would turn a join or a plain exists into a scan of the whole shard. Locks come first, so that
-- positions are gapless and their order is commit order.
create function append_commands(
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
         and p.state in ('sorted', 'taken');
    end if;
  end loop;
end $$;

alter function append_commands owner to cartbridge_engine;
revoke all on function append_commands from public;
grant execute on function append_commands to cartbridge_app;
