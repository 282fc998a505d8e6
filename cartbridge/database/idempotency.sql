-- name: begin
insert into idempotency as i (shard, tenant, scope, request_hash, seed, started_at, running_until)
  values ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() + $6::interval)
  on conflict (shard, tenant, scope)
  do update set running_until = clock_timestamp() + $6::interval
   where i.done_at is null and i.running_until <= clock_timestamp()
     and i.request_hash = excluded.request_hash
returning seed, started_at

-- name: read
select request_hash, seed, started_at, status, outcome,
       extract(epoch from running_until - clock_timestamp())::float8 as seconds_left
  from idempotency where shard = $1 and tenant = $2 and scope = $3

-- name: finish
update idempotency set status = $4, outcome = $5, done_at = clock_timestamp()
 where shard = $1 and tenant = $2 and scope = $3 and done_at is null

-- name: give_up
update idempotency set running_until = clock_timestamp()
 where shard = $1 and tenant = $2 and scope = $3 and done_at is null

-- name: forget
select idempotency_forget($1, clock_timestamp() - $2::interval)
