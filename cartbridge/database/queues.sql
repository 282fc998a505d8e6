-- name: gauges
select * from queue_gauges($1)

-- name: sort_lag
select k.connection, n.waiting, o.received_at as oldest, k.taken_at,
       coalesce(k.lease_until > clock_timestamp(), false) as held,
       extract(epoch from clock_timestamp() - o.received_at)::float as seconds
  from inbox_connection k
  left join lateral (
    select i.received_at from inbox i
     where i.shard = k.shard and i.tenant = k.tenant and i.connection = k.connection
       and i.state = 'new' order by i.arrived limit 1) o on true
 cross join lateral (
   select count(*) as waiting from (
     select from inbox i
      where i.shard = k.shard and i.tenant = k.tenant and i.connection = k.connection
        and i.state = 'new' limit $2) w) n
 where k.tenant = $1
 order by o.received_at nulls last, k.connection

-- name: waiting
select o.id, o.document, s.kind as document_kind, o.kind, o.connection, o.created_at, o.attempts,
       o.reason, o.run_at, coalesce(o.lease_until > clock_timestamp(), false) as under_way
  from outbox o
  left join stream s on s.shard = o.shard and s.tenant = o.tenant and s.id = o.document
 where o.tenant = $1 and o.state = 'waiting' and ($2::uuid is null or o.connection = $2)
   and ($3::uuid is null or o.id > $3)
 order by o.id limit $4

-- name: dead_letters
select o.id, o.document, s.kind as document_kind, o.kind, o.connection, o.created_at, o.attempts,
       o.reason
  from outbox o
  left join stream s on s.shard = o.shard and s.tenant = o.tenant and s.id = o.document
 where o.tenant = $1 and o.state = 'dead' and ($2::uuid is null or o.connection = $2)
   and ($3::uuid is null or o.id > $3)
   and ($5::timestamptz is null or o.created_at >= $5)
   and ($6::timestamptz is null or o.created_at < $6)
 order by o.id limit $4

-- name: dead_letter
select o.id, o.document, s.kind as document_kind, o.kind, o.connection, o.created_at, o.attempts,
       o.reason, o.payload
  from outbox o
  left join stream s on s.shard = o.shard and s.tenant = o.tenant and s.id = o.document
 where o.tenant = $1 and o.id = $2 and o.state = 'dead'

-- name: waits
select exists (
  select from outbox
   where shard = any ($1::smallint[]) and tenant = $2 and id = $3 and state = 'waiting')
