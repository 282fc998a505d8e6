-- What waits in any store, or with any team: the enquiries of a retailer in the order they are due.

-- As `documents_in_store`, wherever they wait. The same index serves it; what waits is few.
create function documents_in_any_store(
  p_shards smallint[], p_tenant uuid, p_kind text, p_states text[],
  p_by text, p_id uuid, p_limit int)
returns table (id uuid, waits_by text, view_version int, body bytea, sealed bytea, hash bytea,
               version int, key_root uuid, wrapped bytea, wrapped_by text)
language plpgsql stable security definer
set search_path = public, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
#variable_conflict use_column
begin
  return query
    select v.id, v.waits_by, v.view_version, v.body, v.sealed, s.hash, s.version, s.key_root,
           (select k.wrapped from document_key k
             where k.shard = v.shard and k.tenant = p_tenant and k.root = s.key_root offset 0),
           (select k.wrapped_by from document_key k
             where k.shard = v.shard and k.tenant = p_tenant and k.root = s.key_root offset 0)
      from (
        select l.*
          from unnest(p_shards) as shards(shard)
         cross join lateral (
           select w.shard, w.id, body_text(w.body, 'at_store_by') collate "C" as waits_by,
                  w.version as view_version, w.body, w.sealed
             from view w
            where w.shard = shards.shard and w.tenant = p_tenant and w.kind = p_kind
              and waits_in_store(w.kind, w.state, w.body) is not null
              and w.state = any (p_states)
              and (body_text(w.body, 'at_store_by') collate "C", w.id) > (p_by, p_id)
            order by body_text(w.body, 'at_store_by') collate "C", w.id
            limit p_limit) l
         order by l.waits_by, l.id
         limit p_limit) v
     cross join lateral (
       select h.hash, h.version, h.key_root from stream h
        where h.shard = v.shard and h.tenant = p_tenant and h.id = v.id
       offset 0) s
     order by v.waits_by, v.id;
end $$;

do $$
begin
  alter function documents_in_any_store owner to cartbridge_engine;
  revoke all on function documents_in_any_store from public;
  grant execute on function documents_in_any_store to cartbridge_app;
end $$;
