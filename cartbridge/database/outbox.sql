-- name: coalesce
update outbox set payload = $5, run_at = least(run_at, clock_timestamp() + $6::interval)
 where (shard, tenant, id) = (
   select o.shard, o.tenant, o.id from outbox o
    where o.tenant = $1
      and o.endpoint = coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid)
      and o.lane = $3 and o.kind = $4 and o.state = 'waiting' and o.lease_until is null
    order by o."order" desc limit 1)
   and state = 'waiting' and lease_until is null
returning id

-- name: enqueue
insert into outbox (shard, id, run_at, tenant, document, lane, kind, connection, payload)
  values ($1, $2, clock_timestamp() + $3::interval, $4, $5, $6, $7, $8, $9)

-- name: take
select shard, tenant, id, document, lane, kind, connection, payload, created_at, attempts, fence
  from commit_unwaited(), outbox_take($1, $2, $3, $4, $5)

-- name: hold
select outbox_hold($1, $2, $3, $4, $5)

-- name: finish
select outbox_finish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)

-- name: backlog
select count(*) as waiting, min(w.created_at) as oldest
  from (select o.created_at from outbox o
         where o.tenant = $1 and o.endpoint = $2 and o.state = 'waiting' limit $3) w

-- name: drop
with dropped as (
  delete from outbox
   where tenant = $1 and endpoint = $2
     and (state = 'dead' and $3 or state = 'waiting' and lease_until is null)
  returning 1)
select count(*) from dropped

-- name: dead_letters
select id, document, lane, kind, connection, payload, created_at, attempts, reason from outbox
 where tenant = $1 and state = 'dead' and ($2::uuid is null or connection = $2)
   and ($3::uuid is null or id > $3)
 order by id limit $4

-- name: replay
update outbox
   set state = 'waiting', attempts = 0, run_at = clock_timestamp(), lease_until = null,
       reason = null
 where tenant = $1 and state = 'dead' and ($2::uuid[] is null or id = any ($2))
   and ($3::uuid is null or connection = $3)
   and ($4::timestamptz is null or created_at >= $4)
   and ($5::timestamptz is null or created_at < $5)
returning id

-- name: circuit_failed
insert into circuit as c (shard, tenant, connection, failures, reason)
  values ($1, $2, $3, 1, $4)
  on conflict (shard, tenant, connection)
  do update set failures = c.failures + 1, reason = excluded.reason,
    open_until = case when c.failures + 1 >= $5::int
      then clock_timestamp()
           + least($6::interval * power(2, least(c.failures + 1 - $5::int, 20)), $7::interval)
      end
returning failures, open_until, paused, reason

-- name: circuit_succeeded
update circuit set failures = 0, open_until = null, reason = null
 where shard = $1 and tenant = $2 and connection = $3 and failures > 0
returning connection

-- name: circuit_pause
insert into circuit (shard, tenant, connection, paused, reason) values ($1, $2, $3, true, $4)
  on conflict (shard, tenant, connection) do update set paused = true, reason = excluded.reason

-- name: circuit_resume
update circuit set paused = false, failures = 0, open_until = null, reason = null
 where shard = $1 and tenant = $2 and connection = $3

-- name: circuit_read
select failures, open_until, paused, reason, coalesce(open_until > clock_timestamp(), false) as open
  from circuit where shard = $1 and tenant = $2 and connection = $3
