-- name: begin
select place, mine, request_hash, seed, started_at, status, outcome, seconds_left
  from idempotency_begin($1, $2, $3, $4, $5, $6) order by place

-- name: finish
select idempotency_finish($1, $2, $3, $4, $5) from commit_unwaited()

-- name: give_up
update idempotency set running_until = clock_timestamp()
 where shard = $1 and tenant = $2 and scope = $3 and done_at is null

-- name: forget
select idempotency_forget($1, clock_timestamp() - $2::interval)
