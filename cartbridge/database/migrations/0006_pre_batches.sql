-- Look-ups and outcomes of many at once: what a batch of parts asks is one call each. Loops and
-- correlated sub-selects with the whole key, never joins: see 0003_pre_inbox_outbox_functions.sql
-- and 0006_pre_plans.sql.

-- The documents of any tenants, in the order asked; where there is none, nulls.
create function load_documents(p_shard smallint[], p_tenant uuid[], p_id uuid[])
returns table (kind text, key_root uuid, version int, hash bytea, body bytea, sealed bytea,
               view_version int, wrapped bytea, wrapped_by text)
language sql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
  select d.kind, d.key_root, d.version, d.hash, d.body, d.sealed, d.view_version, d.wrapped,
         d.wrapped_by
    from unnest(p_shard, p_tenant, p_id) with ordinality as w(shard, tenant, id, ord)
    left join lateral (
      select s.kind, s.key_root, s.version, s.hash, v.body, v.sealed, v.version as view_version,
             k.wrapped, k.wrapped_by
        from stream s
        left join lateral (
          select x.body, x.sealed, x.version from view x
           where x.shard = w.shard and x.tenant = w.tenant and x.id = w.id offset 0) v on true
        left join lateral (
          select x.wrapped, x.wrapped_by from document_key x
           where x.shard = w.shard and x.tenant = w.tenant and x.root = s.key_root offset 0) k
          on true
       where s.shard = w.shard and s.tenant = w.tenant and s.id = w.id offset 0) d on true
   order by w.ord
$$;

-- Each pointer is written once: answers whom it names now, the target given or an earlier one. One
-- that has expired is replaced. In the order of their keys, so that two batches never wait for
-- each other crosswise.
create function pointers_claim(
  p_shard smallint[], p_tenant uuid[], p_kind text[], p_key bytea[], p_target uuid[],
  p_expires timestamptz[])
returns uuid[]
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_named uuid[] := array_fill(null::uuid, array[cardinality(p_key)]);
  v_target uuid;
  c record;
begin
  for c in select * from unnest(p_shard, p_tenant, p_kind, p_key, p_target, p_expires)
                    with ordinality as n(shard, tenant, kind, key, target, expires, ord)
            order by shard, tenant, kind, key, ord loop
    loop
      select p.target into v_target from pointer p
       where p.shard = c.shard and p.tenant = c.tenant and p.kind = c.kind and p.key = c.key
         and (p.expires_at is null or p.expires_at > clock_timestamp());
      exit when found;
      insert into pointer as p (shard, tenant, kind, key, target, expires_at)
        values (c.shard, c.tenant, c.kind, c.key, c.target, c.expires)
        on conflict (shard, tenant, kind, key)
        do update set target = excluded.target, made_at = clock_timestamp(),
                      expires_at = excluded.expires_at
         where p.expires_at <= clock_timestamp()
        returning p.target into v_target;
      exit when found;  -- else somebody wrote it a moment ago: it is there now
    end loop;
    v_named[c.ord] := v_target;
  end loop;
  return v_named;
end $$;

-- Whom each pointer names; null where there is none, or an expired one unless those are wanted.
create function pointers_find(
  p_shard smallint[], p_tenant uuid[], p_kind text[], p_key bytea[], p_lapsed boolean[])
returns uuid[]
language sql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
  select array_agg((
           select p.target from pointer p
            where p.shard = w.shard and p.tenant = w.tenant and p.kind = w.kind and p.key = w.key
              and (w.lapsed or p.expires_at is null or p.expires_at > clock_timestamp())
           offset 0) order by w.ord)
    from unnest(p_shard, p_tenant, p_kind, p_key, p_lapsed) with ordinality
           as w(shard, tenant, kind, key, lapsed, ord)
$$;

-- Parts that led to no change; true where it was noted, false where another worker has the part.
create function parts_finish(
  p_shard smallint[], p_tenant uuid[], p_message uuid[], p_ordinal int[], p_fence bigint[],
  p_state text[], p_reason text[])
returns boolean[]
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_done boolean[] := array_fill(false, array[cardinality(p_message)]);
  c record;
begin
  for c in select * from unnest(p_shard, p_tenant, p_message, p_ordinal, p_fence, p_state, p_reason)
                    with ordinality
                    as n(shard, tenant, message, ordinal, fence, state, reason, ord)
            order by shard, tenant, message, ordinal loop
    update inbox_part p
       set state = c.state, reason = c.reason, lease_until = null, done_at = clock_timestamp()
     where p.shard = c.shard and p.tenant = c.tenant and p.message = c.message
       and p.ordinal = c.ordinal and p.lease_fence = c.fence and (p.state || '') = 'taken';
    v_done[c.ord] := found;
  end loop;
  return v_done;
end $$;

-- Writes views made anew from the journal, each unless its document has moved on meanwhile.
create function replace_views(
  p_shard smallint, p_tenants uuid[], p_updated_at timestamptz[], p_views view_in[])
returns table (replaced boolean)
language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  for number in 1 .. cardinality(p_views) loop
    replaced := replace_view(p_shard, p_tenants[number], p_updated_at[number], p_views[number]);
    return next;
  end loop;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['load_documents', 'pointers_claim', 'pointers_find',
                              'parts_finish', 'replace_views'] loop
    execute format('alter function %I owner to cartbridge_engine', name);
    execute format('revoke all on function %I from public', name);
    execute format('grant execute on function %I to cartbridge_app', name);
  end loop;
end $$;
