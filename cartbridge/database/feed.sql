-- name: page
-- The running maximum keeps the order of positions within a shard even where the database's
-- clock was set back; between shards, events come as they were recorded.
select f.shard, f.position, e.*, s.kind, s.key_root,
       (select k.wrapped from document_key k
         where k.shard = f.shard and k.tenant = $4 and k.root = s.key_root offset 0) as wrapped,
       (select k.wrapped_by from document_key k
         where k.shard = f.shard and k.tenant = $4 and k.root = s.key_root offset 0) as wrapped_by
  from (
    select c.shard, c.position,
           max(c.recorded_at) over (partition by c.shard order by c.position) as recorded_by
      from unnest($1::smallint[], $2::bigint[], $3::bigint[]) as p(shard, after, upto)
     cross join lateral (
       select v.shard, v.position, v.recorded_at from event v
        where v.shard = p.shard and v.tenant = $4 and v.position > p.after
          and v.position <= p.upto and ($5::text[] is null or v.type = any ($5::text[]))
        order by v.position
        limit $6) c
     order by recorded_by, c.shard, c.position
     limit $6) f
 cross join lateral (
   select v.tenant, v.stream, v.version, v.type, v.recorded_at, v.header, v.body, v.sealed
     from event v where v.shard = f.shard and v.position = f.position
   offset 0) e
 cross join lateral (
   select h.kind, h.key_root from stream h
    where h.shard = f.shard and h.tenant = $4 and h.id = e.stream
   offset 0) s
 order by f.recorded_by, f.shard, f.position

-- name: headlines
select f.shard, f.position, f.stream, f.version, f.type, f.recorded_at,
       (select h.kind from stream h
         where h.shard = f.shard and h.tenant = $4 and h.id = f.stream offset 0) as kind
  from (
    select c.*, max(c.recorded_at) over (partition by c.shard order by c.position) as recorded_by
      from unnest($1::smallint[], $2::bigint[], $3::bigint[]) as p(shard, after, upto)
     cross join lateral (
       select v.shard, v.position, v.stream, v.version, v.type, v.recorded_at from event v
        where v.shard = p.shard and v.tenant = $4 and v.position > p.after
          and v.position <= p.upto and ($5::text[] is null or v.type like any ($5::text[]))
        order by v.position
        limit $6) c
     order by recorded_by, c.shard, c.position
     limit $6) f
 order by f.recorded_by, f.shard, f.position

-- name: tenants
select tenant from tenants_with_news($1::smallint[], $2::bigint[], $3::bigint[]) order by tenant
