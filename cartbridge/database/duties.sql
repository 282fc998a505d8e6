-- name: take
insert into duty as d (shard, tenant, kind, subject, lease_until, lease_fence)
  values ($1, $2, $3, $4, clock_timestamp() + $5::interval, 1)
  on conflict (shard, tenant, kind, subject)
  do update set lease_until = clock_timestamp() + $5::interval, lease_fence = d.lease_fence + 1
   where (d.lease_until is null or d.lease_until <= clock_timestamp())
     and d.due_at <= coalesce($6::timestamptz, clock_timestamp())
  returning lease_fence as fence, failures

-- name: take_reconciliations
select tenant, subject, fence, failures from reconciliation_take($1, $2)

-- name: heartbeat
update duty set lease_until = clock_timestamp() + $6::interval
 where shard = $1 and tenant = $2 and kind = $3 and subject = $4 and lease_fence = $5
returning true

-- name: settle
update duty
   set lease_until = null, due_at = coalesce($6::timestamptz, clock_timestamp() + $7::interval),
       failures = case when $8::text is null then 0 else failures + 1 end, reason = $8,
       done_at = case when $8::text is null then clock_timestamp() else done_at end
 where shard = $1 and tenant = $2 and kind = $3 and subject = $4 and lease_fence = $5
returning true
