-- What the gateway does by itself at its times: who has which duty, which alarms are open, and the
-- credentials that connectors had renewed. Working tables: a rebuild leaves them alone.

-- One row per duty. Who leases it does it, alone among all processes.
create table duty (
  shard smallint not null,  -- of the tenant
  tenant uuid not null,  -- all zeros: of the whole installation
  kind text not null,
  subject text not null,
  due_at timestamptz not null default '-infinity',
  lease_until timestamptz,
  lease_fence bigint not null default 0,
  failures int not null default 0,  -- in a row
  reason text,  -- of the last failure
  done_at timestamptz,
  primary key (shard, tenant, kind, subject)
) with (fillfactor = 50);

-- From what an alarm tells of to the document that tells it, while it is open.
create table open_alarm (
  shard smallint not null,  -- of kind and subject
  tenant uuid not null,
  kind text not null,
  subject text not null,
  document uuid not null,
  primary key (shard, tenant, kind, subject)
);

-- What a platform gave us in exchange for older credentials; stored before it is used.
create table credential (
  shard smallint not null,  -- of the tenant
  tenant uuid not null,
  connection uuid not null,
  version bigint not null,
  sealed json not null,  -- ciphertext
  expires_at timestamptz,
  refreshed_at timestamptz not null default clock_timestamp(),
  primary key (shard, tenant, connection)
) with (fillfactor = 70);

alter table connection
  add column heard_upto bigint not null default 0,  -- the arrivals that last_heard_at knows of
  add column silent_after_hours int check (silent_after_hours >= 0);  -- 0: it may be silent

grant select, insert, update, delete on duty, open_alarm, credential
  to cartbridge_app, cartbridge_engine;

do $$
declare
  name text;
begin
  foreach name in array array['duty', 'open_alarm', 'credential'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_rows on %I to cartbridge_app
      using (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)
      with check (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)', name);
    execute format('create policy all_rows on %I to cartbridge_engine
      using (true) with check (true)', name);
  end loop;
end $$;

-- Connections of any tenant that are due to be reconciled, each leased to whoever asks.
create function reconciliation_take(p_limit int, p_lease interval)
returns table (tenant uuid, subject text, fence bigint, failures int)
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  c record;
begin
  for c in select k.shard, k.tenant, n.subject from connection k
           cross join lateral (select 'con_' || replace(k.id::text, '-', '') as subject) n
            where k.state = 'active'
              and not exists (
                select from duty d
                 where d.shard = k.shard and d.tenant = k.tenant and d.kind = 'reconcile'
                   and d.subject = n.subject
                   and (d.due_at > v_now or d.lease_until > v_now) offset 0)
            limit p_limit loop
    insert into duty as d (shard, tenant, kind, subject, lease_until, lease_fence)
      values (c.shard, c.tenant, 'reconcile', c.subject, v_now + p_lease, 1)
      on conflict (shard, tenant, kind, subject)
      do update set lease_until = v_now + p_lease, lease_fence = d.lease_fence + 1
       where d.due_at <= v_now and (d.lease_until is null or d.lease_until <= v_now)
      returning d.lease_fence, d.failures into fence, failures;
    if found then
      tenant := c.tenant; subject := c.subject;
      return next;
    end if;
  end loop;
end $$;

-- Notes when each connection was last heard: its arrivals are counted anyway.
create function connections_listen() returns int
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_heard int := 0;
  i record;
begin
  for i in select k.tenant, k.connection, k.arrived from inbox_connection k loop
    update connection c set heard_upto = i.arrived, last_heard_at = clock_timestamp()
     where c.shard = shard_of_key(uuid_send(i.tenant)) and c.tenant = i.tenant
       and c.id = i.connection and c.heard_upto <> i.arrived;
    if found then
      v_heard := v_heard + 1;
    end if;
  end loop;
  return v_heard;
end $$;

-- What is so now and should not be. No tenant: it concerns all. Counts stop at ten thousand.
create function alarm_conditions(p_lag interval, p_idle interval, p_silent interval)
returns table (kind text, tenant uuid, connection uuid, number bigint, since timestamptz)
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  return query
    select 'sorter_lag'::text, i.tenant, i.connection, null::bigint, m.received_at
      from inbox_connection i
     cross join lateral (
       select n.received_at from inbox n
        where n.shard = i.shard and n.tenant = i.tenant and n.connection = i.connection
          and n.state = 'new' order by n.arrived limit 1) m
     where m.received_at < v_now - p_lag;
  return query
    select 'dead_letters'::text, o.tenant, o.connection, count(*), min(o.created_at)
      from (select d.tenant, d.connection, d.created_at from outbox d
             where d.state = 'dead' limit 10000) o
     group by o.tenant, o.connection;
  return query
    select 'quarantine'::text, q.tenant, q.connection, count(*), min(q.at)
      from ((select i.tenant, i.connection, i.received_at as at from inbox i
              where i.state = 'quarantined' limit 10000)
            union all
            (select p.tenant, p.connection, coalesce(p.done_at, v_now) from inbox_part p
              where p.state = 'quarantined' limit 10000)) q
     group by q.tenant, q.connection;
  return query
    select 'connection_silent'::text, k.tenant, k.id, null::bigint,
           coalesce(k.last_heard_at, k.created_at)
      from connection k
     where k.state = 'active' and k.silent_after_hours is distinct from 0
       and coalesce(k.last_heard_at, k.created_at)
           < v_now - coalesce(make_interval(hours => k.silent_after_hours), p_silent);
  return query
    select 'idle_transaction'::text, null::uuid, null::uuid, count(*), min(a.state_change)
      from pg_stat_activity a
     where a.state in ('idle in transaction', 'idle in transaction (aborted)')
       and a.state_change < v_now - p_idle
       -- One that holds neither keeps nobody from cleaning up.
       and (a.backend_xid is not null or a.backend_xmin is not null)
    having count(*) > 0;
end $$;

create function open_alarms(p_kinds text[])
returns table (tenant uuid, kind text, subject text, document uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select a.tenant, a.kind, a.subject, a.document from open_alarm a
   where a.kind = any (p_kinds) order by a.tenant, a.kind, a.subject
$$;

do $$
declare
  name text;
begin
  foreach name in array array['reconciliation_take', 'connections_listen', 'alarm_conditions',
                              'open_alarms'] loop
    execute format('alter function %I owner to cartbridge_engine', name);
    execute format('revoke all on function %I from public', name);
    execute format('grant execute on function %I to cartbridge_app', name);
  end loop;
end $$;

-- To see idle transactions of other accounts. Who may not give it leaves it to an administrator:
-- `cartbridge doctor` says so.
do $$
begin
  if not pg_has_role('cartbridge_engine', 'pg_read_all_stats', 'member') then
    grant pg_read_all_stats to cartbridge_engine;
  end if;
exception
  when insufficient_privilege then
    raise notice 'idle transactions of other accounts stay unseen';
  when unique_violation or internal_error then
    null;  -- another database of this server gave it in the same moment
end $$;
