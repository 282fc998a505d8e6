-- What waits in a store: documents of which somebody there has to do something, found by the store.
-- A model says so in its fields `at_store` (the store) and `at_store_by` (the time to sort it by).

-- A text of a body, or null. Whatever a body holds, it must be possible to store it: JSON with a NUL
-- in some text is read without the NUL, and what is no JSON has no text.
create function body_text(p_body bytea, p_name text) returns text
language plpgsql immutable parallel safe
as $$
begin
  return convert_from(p_body, 'UTF8')::json ->> p_name;
exception when untranslatable_character then
  return regexp_replace(convert_from(p_body, 'UTF8'), '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g')::json
    ->> p_name;
when others then
  return null;
end $$;

-- Only these kinds and states can wait in a store: no other write pays for looking into its body,
-- and what does not even name the field is not parsed.
create function waits_in_store(p_kind text, p_state text, p_body bytea) returns text
language sql immutable parallel safe
as $$
  select case when p_kind = 'enquiry' or p_kind = 'cart' and p_state in ('offered', 'ordered') then
    case when position('"at_store":'::bytea in p_body) > 0
      then public.body_text(p_body, 'at_store') end
  end
$$;

create index view_waits_in_store_idx
  on view (shard, tenant, kind, waits_in_store(kind, state, body), state,
           (body_text(body, 'at_store_by') collate "C"), id)
  where waits_in_store(kind, state, body) is not null;

-- The documents of a kind that wait in a store in these states, those to be done first at the top.
-- Under row level security the application itself could not use the index: it looks into a body.
create function documents_in_store(
  p_shards smallint[], p_tenant uuid, p_kind text, p_store text, p_states text[],
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
         cross join unnest(p_states) as states(state)
         cross join lateral (
           select w.shard, w.id, body_text(w.body, 'at_store_by') collate "C" as waits_by,
                  w.version as view_version, w.body, w.sealed
             from view w
            where w.shard = shards.shard and w.tenant = p_tenant and w.kind = p_kind
              and waits_in_store(w.kind, w.state, w.body) = p_store and w.state = states.state
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
  alter function documents_in_store owner to cartbridge_engine;
  revoke all on function documents_in_store from public;
  grant execute on function documents_in_store to cartbridge_app;
end $$;
