-- name: load
select * from load_documents($1, $2, $3)

-- name: key_of
select s.kind, s.key_root,
       (select k.wrapped from document_key k
         where k.shard = s.shard and k.tenant = s.tenant and k.root = s.key_root offset 0) as wrapped,
       (select k.wrapped_by from document_key k
         where k.shard = s.shard and k.tenant = s.tenant and k.root = s.key_root offset 0) as wrapped_by
  from stream s where s.shard = $1 and s.tenant = $2 and s.id = $3

-- name: events
select tenant, stream, version, position, type, schema_version, occurred_at, recorded_at,
       header, body, sealed
  from event
 where shard = $1 and tenant = $2 and stream = $3 and version > $4
   and ($5::int is null or version <= $5)
 order by version

-- name: find
select v.*, s.hash, s.version, s.key_root,
       (select k.wrapped from document_key k
         where k.shard = v.shard and k.tenant = $2 and k.root = s.key_root offset 0) as wrapped,
       (select k.wrapped_by from document_key k
         where k.shard = v.shard and k.tenant = $2 and k.root = s.key_root offset 0) as wrapped_by
  from (
    select l.*
      from unnest($1::smallint[]) as shards(shard)
     cross join unnest($4::text[]) as states(state)
     cross join lateral (
       select w.shard, w.id, w.version as view_version, w.updated_at, w.body, w.sealed
         from view w
        where w.shard = shards.shard and w.tenant = $2 and w.kind = $3 and w.state = states.state
          and (w.updated_at, w.id) < (coalesce($5::timestamptz, 'infinity'), $6::uuid)
        order by w.updated_at desc, w.id desc
        limit $7) l
     order by l.updated_at desc, l.id desc
     limit $7) v
 cross join lateral (
   select h.hash, h.version, h.key_root from stream h
    where h.shard = v.shard and h.tenant = $2 and h.id = v.id
   offset 0) s
 order by v.updated_at desc, v.id desc

-- name: find_of_customer
select v.*, s.hash, s.version, s.key_root,
       (select k.wrapped from document_key k
         where k.shard = v.shard and k.tenant = $2 and k.root = s.key_root offset 0) as wrapped,
       (select k.wrapped_by from document_key k
         where k.shard = v.shard and k.tenant = $2 and k.root = s.key_root offset 0) as wrapped_by
  from (
    select l.*
      from unnest($1::smallint[]) as shards(shard)
     cross join lateral (
       select w.shard, w.id, w.version as view_version, w.updated_at, w.body, w.sealed
         from view w
        where w.shard = shards.shard and w.tenant = $2 and w.kind = $3 and w.customer = $8
          and w.state = any ($4::text[])
          and (w.updated_at, w.id) < (coalesce($5::timestamptz, 'infinity'), $6::uuid)
        order by w.updated_at desc, w.id desc
        limit $7) l
     order by l.updated_at desc, l.id desc
     limit $7) v
 cross join lateral (
   select h.hash, h.version, h.key_root from stream h
    where h.shard = v.shard and h.tenant = $2 and h.id = v.id
   offset 0) s
 order by v.updated_at desc, v.id desc

-- name: knows
select exists (select from command where shard = $1 and tenant = $2 and id = $3)

-- name: find_in_store
select * from documents_in_store($1, $2, $3, $4, $5, $6, $7, $8)

-- name: find_in_any_store
select * from documents_in_any_store($1, $2, $3, $4, $5, $6, $7)
