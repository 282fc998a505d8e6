-- What every till's call asks, of many calls in one statement each. In the order of their keys, so
-- that two batches never wait for each other crosswise.

-- Starts calls, or resumes those that crashed; `mine` is false where an earlier try has the call.
create function idempotency_begin(
  p_shard smallint[], p_tenant uuid[], p_scope bytea[], p_hash bytea[], p_seed bytea[],
  p_resume interval)
returns table (place int, mine boolean, request_hash bytea, seed bytea, started_at timestamptz,
               status int, outcome bytea, seconds_left float8)
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  c record;
begin
  for c in select * from unnest(p_shard, p_tenant, p_scope, p_hash, p_seed) with ordinality
                    as n(shard, tenant, scope, hash, seed, ord)
            order by shard, tenant, scope, ord loop
    place := c.ord;
    insert into idempotency as i
      (shard, tenant, scope, request_hash, seed, started_at, running_until)
      values (c.shard, c.tenant, c.scope, c.hash, c.seed, clock_timestamp(),
              clock_timestamp() + p_resume)
      on conflict (shard, tenant, scope)
      do update set running_until = clock_timestamp() + p_resume
       where i.done_at is null and i.running_until <= clock_timestamp()
         and i.request_hash = excluded.request_hash
      returning i.request_hash, i.seed, i.started_at, i.status, i.outcome, 0
        into request_hash, seed, started_at, status, outcome, seconds_left;
    mine := found;
    if not found then
      select i.request_hash, i.seed, i.started_at, i.status, i.outcome,
             extract(epoch from i.running_until - clock_timestamp())
        into request_hash, seed, started_at, status, outcome, seconds_left
        from idempotency i
       where i.shard = c.shard and i.tenant = c.tenant and i.scope = c.scope;
    end if;
    return next;
  end loop;
end $$;

-- Keeps what calls answered; one that is done already stays as it is.
create function idempotency_finish(
  p_shard smallint[], p_tenant uuid[], p_scope bytea[], p_status int[], p_outcome bytea[])
returns boolean[]
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_kept boolean[] := array_fill(false, array[cardinality(p_scope)]);
  c record;
begin
  for c in select * from unnest(p_shard, p_tenant, p_scope, p_status, p_outcome) with ordinality
                    as n(shard, tenant, scope, status, outcome, ord)
            order by shard, tenant, scope, ord loop
    update idempotency i
       set status = c.status, outcome = c.outcome, done_at = clock_timestamp()
     where i.shard = c.shard and i.tenant = c.tenant and i.scope = c.scope and i.done_at is null;
    v_kept[c.ord] := found;
  end loop;
  return v_kept;
end $$;

-- The leases on documents, in the order asked; where there is none, nulls.
create function leases_of(p_shard smallint[], p_tenant uuid[], p_document uuid[])
returns table (document uuid, claim uuid, terminal text, until timestamptz, hold boolean,
               seconds_left numeric)
language sql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
  select l.document, l.claim, l.terminal, l.until, l.hold,
         extract(epoch from l.until - clock_timestamp())
    from unnest(p_shard, p_tenant, p_document) with ordinality as w(shard, tenant, document, ord)
    left join lateral (
      select x.* from lease x
       where x.shard = w.shard and x.tenant = w.tenant and x.document = w.document
      offset 0) l on true
   order by w.ord
$$;

do $$
declare
  name text;
begin
  foreach name in array array['idempotency_begin', 'idempotency_finish', 'leases_of'] loop
    execute format('alter function %I owner to cartbridge_engine', name);
    execute format('revoke all on function %I from public', name);
    execute format('grant execute on function %I to cartbridge_app', name);
  end loop;
end $$;
