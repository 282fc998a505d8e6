-- The few look-ups that go across tenants, and the way views are made anew.

-- Documents of every tenant whose time has come, the longest waiting first.
create function due_documents(p_limit int)
returns table (tenant uuid, id uuid, kind text)
language sql stable security definer set search_path = public, pg_temp as $$
  select v.tenant, v.id, v.kind from view v
   where v.due_at <= clock_timestamp() order by v.due_at, v.id limit p_limit
$$;

-- Leases of every tenant that ran out, the longest first.
create function lapsed_leases(p_limit int)
returns table (tenant uuid, document uuid, claim uuid, terminal text, hold boolean)
language sql stable security definer set search_path = public, pg_temp as $$
  select l.tenant, l.document, l.claim, l.terminal, l.hold from lease l
   where l.until <= clock_timestamp() order by l.until, l.document limit p_limit
$$;

-- Which tenants have events after these positions, so that their subscribers can be served.
create function tenants_with_news(p_shards smallint[], p_after bigint[], p_upto bigint[])
returns table (tenant uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select distinct e.tenant
    from unnest(p_shards, p_after, p_upto) as s(shard, after, upto)
   cross join lateral (
     select v.tenant from event v
      where v.shard = s.shard and v.position > s.after and v.position <= s.upto
     offset 0) e
$$;

-- The heads of a shard in the order of their keys, beside the version of their views.
create function stream_heads(p_shard smallint, p_tenant uuid, p_after uuid, p_limit int)
returns table (tenant uuid, id uuid, kind text, key_root uuid, version int, hash bytea,
               view_version int, wrapped bytea, wrapped_by text)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.tenant, s.id, s.kind, s.key_root, s.version, s.hash,
         (select v.version from view v
           where v.shard = s.shard and v.tenant = s.tenant and v.id = s.id offset 0),
         (select k.wrapped from document_key k
           where k.shard = s.shard and k.tenant = s.tenant and k.root = s.key_root offset 0),
         (select k.wrapped_by from document_key k
           where k.shard = s.shard and k.tenant = s.tenant and k.root = s.key_root offset 0)
    from stream s
   where s.shard = p_shard and (s.tenant, s.id) > (p_tenant, p_after)
   order by s.tenant, s.id limit p_limit
$$;

create function stream_head(p_shard smallint, p_tenant uuid, p_id uuid)
returns table (version int, hash bytea, view_version int, tombstoned boolean)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.version, s.hash,
         (select v.version from view v
           where v.shard = p_shard and v.tenant = p_tenant and v.id = p_id offset 0),
         exists (select from tombstone t
                  where t.shard = p_shard and t.tenant = p_tenant and t.id = p_id)
    from (select) one
    left join stream s on s.shard = p_shard and s.tenant = p_tenant and s.id = p_id
$$;

-- The events of these streams up to these versions, each stream in the order of its chain.
create function chain_events(p_shard smallint, p_tenants uuid[], p_ids uuid[], p_upto int[])
returns table (tenant uuid, stream uuid, version int, "position" bigint, type text,
               schema_version int, command uuid, occurred_at timestamptz,
               recorded_at timestamptz, header bytea, body bytea, sealed bytea, hash bytea)
language sql stable security definer set search_path = public, pg_temp as $$
  select e.*
    from unnest(p_tenants, p_ids, p_upto) with ordinality as s(tenant, id, upto, ord)
   cross join lateral (
     select v.tenant, v.stream, v.version, v.position, v.type, v.schema_version, v.command,
            v.occurred_at, v.recorded_at, v.header, v.body, v.sealed, v.hash
       from event v
      where v.shard = p_shard and v.tenant = s.tenant and v.stream = s.id and v.version <= s.upto
     offset 0) e
   order by s.ord, e.version
$$;

-- The present view of these streams, to be compared with what the journal says.
create function stored_views(p_shard smallint, p_tenants uuid[], p_ids uuid[])
returns table (tenant uuid, id uuid, version int, state text, updated_at timestamptz,
               due_at timestamptz, customer uuid, body bytea, sealed bytea)
language sql stable security definer set search_path = public, pg_temp as $$
  select v.*
    from unnest(p_tenants, p_ids) as s(tenant, id)
   cross join lateral (
     select w.tenant, w.id, w.version, w.state, w.updated_at, w.due_at, w.customer, w.body,
            w.sealed
       from view w where w.shard = p_shard and w.tenant = s.tenant and w.id = s.id
     offset 0) v
$$;

-- The positions a shard really has in a range, and whether each one's stream is known.
create function stored_positions(p_shard smallint, p_after bigint, p_upto bigint)
returns table ("position" bigint, tenant uuid, stream uuid, version int, headless boolean)
language sql stable security definer set search_path = public, pg_temp as $$
  select e.position, e.tenant, e.stream, e.version,
         not exists (select from stream s
                      where s.shard = e.shard and s.tenant = e.tenant and s.id = e.stream
                        and s.version >= e.version offset 0)
    from event e
   where e.shard = p_shard and e.position > p_after and e.position <= p_upto
   order by e.position
$$;

-- Which of these positions belonged to documents that retention removed.
create function removed_positions(p_shard smallint, p_positions bigint[])
returns table ("position" bigint)
language sql stable security definer set search_path = public, pg_temp as $$
  select p.position from unnest(p_positions) as p(position)
   where exists (select from tombstone t
                  where t.shard = p_shard and t.positions @> array[p.position])
$$;

-- The views of a shard in the order of their keys, and whether they stand for no stream.
create function stored_view_keys(p_shard smallint, p_tenant uuid, p_after uuid, p_limit int)
returns table (tenant uuid, id uuid, version int, orphaned boolean)
language sql stable security definer set search_path = public, pg_temp as $$
  select v.tenant, v.id, v.version,
         not exists (select from stream s
                      where s.shard = v.shard and s.tenant = v.tenant and s.id = v.id offset 0)
    from view v
   where v.shard = p_shard and (v.tenant, v.id) > (p_tenant, p_after)
   order by v.tenant, v.id limit p_limit
$$;

-- Writes a view made anew from the journal, unless its document has moved on meanwhile.
create function replace_view(p_shard smallint, p_tenant uuid, p_updated_at timestamptz,
                             p_view view_in) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  perform 1 from shard_counter where shard = p_shard for update;
  if p_view.version is distinct from
       (select s.version from stream s
         where s.shard = p_shard and s.tenant = p_tenant and s.id = p_view.id) then
    return false;
  end if;
  insert into view (shard, tenant, id, kind, version, state, updated_at, due_at, customer, body,
                    sealed)
    values (p_shard, p_tenant, p_view.id, p_view.kind, p_view.version, p_view.state, p_updated_at,
            p_view.due_at, p_view.customer, p_view.body, p_view.sealed)
    on conflict (shard, tenant, id)
    do update set version = excluded.version, state = excluded.state,
                  updated_at = excluded.updated_at, due_at = excluded.due_at,
                  customer = excluded.customer, body = excluded.body, sealed = excluded.sealed;
  return true;
end $$;

-- One document as it is now, in one round trip, under row level security.
create function load_document(p_shard smallint, p_tenant uuid, p_id uuid)
returns table (kind text, key_root uuid, version int, hash bytea, body bytea, sealed bytea,
               view_version int, wrapped bytea, wrapped_by text)
language plpgsql volatile set search_path = public, pg_temp set enable_seqscan = off as $$
begin
  perform set_config('cartbridge.tenant', p_tenant::text, true);
  return query
    select s.kind, s.key_root, s.version, s.hash, v.body, v.sealed, v.version,
           (select k.wrapped from document_key k
             where k.shard = p_shard and k.tenant = p_tenant and k.root = s.key_root offset 0),
           (select k.wrapped_by from document_key k
             where k.shard = p_shard and k.tenant = p_tenant and k.root = s.key_root offset 0)
      from stream s
      left join view v on v.shard = p_shard and v.tenant = p_tenant and v.id = p_id
     where s.shard = p_shard and s.tenant = p_tenant and s.id = p_id;
end $$;

do $$
declare
  signature regprocedure;
begin
  foreach signature in array array[
    'due_documents(int)'::regprocedure, 'lapsed_leases(int)'::regprocedure,
    'tenants_with_news(smallint[], bigint[], bigint[])'::regprocedure,
    'stream_heads(smallint, uuid, uuid, int)'::regprocedure,
    'stream_head(smallint, uuid, uuid)'::regprocedure,
    'chain_events(smallint, uuid[], uuid[], int[])'::regprocedure,
    'stored_views(smallint, uuid[], uuid[])'::regprocedure,
    'stored_positions(smallint, bigint, bigint)'::regprocedure,
    'removed_positions(smallint, bigint[])'::regprocedure,
    'stored_view_keys(smallint, uuid, uuid, int)'::regprocedure,
    'replace_view(smallint, uuid, timestamptz, view_in)'::regprocedure
  ] loop
    execute format('alter function %s owner to cartbridge_engine', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to cartbridge_app', signature);
  end loop;
end $$;
revoke all on function load_document from public;
grant execute on function load_document to cartbridge_app;
