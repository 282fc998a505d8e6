-- name: accept
select place, message from inbox_accept($1, $2, $3, $4, $5, $6, $7, $8)

-- name: day_key
select wrapped from day_key where shard = $1 and tenant = $2 and day = $3

-- name: make_day_key
with mine as (
  insert into day_key (shard, tenant, day, wrapped) values ($1, $2, $3, $4)
    on conflict (shard, tenant, day) do nothing returning wrapped)
select wrapped from mine
union all
select wrapped from day_key
 where shard = $1 and tenant = $2 and day = $3 and not exists (select from mine)

-- name: take_new
select shard, tenant, message, connection, arrived, received_at, method, headers, body, day, fence
  from commit_unwaited(), inbox_take($1, $2, $3)

-- name: settle
select inbox_settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) from commit_unwaited()

-- name: horizon
select arrived, waits, lane_waits from inbox_horizons($1, $2, $3, $4, $5)

-- name: take_parts
select shard, tenant, message, ordinal from commit_unwaited(), part_take($1, $2, $3, $4)

-- name: take_lane
select held, messages, ordinals from commit_unwaited(), part_take_lane($1, $2, $3, $4)

-- name: read_parts
select shard, tenant, message, ordinal, connection, arrived, lane, ref, revision, attempts, fence,
       received_at, method, headers, body, day
  from part_read($1, $2, $3, $4)

-- name: heartbeat
update inbox_part set lease_until = clock_timestamp() + $6::interval
 where shard = $1 and tenant = $2 and message = $3 and ordinal = $4 and lease_fence = $5
   and state = 'taken'
returning ordinal

-- name: finish
select parts_finish($1, $2, $3, $4, $5, $6, $7) from commit_unwaited()

-- name: retry
update inbox_part
   set state = case when attempts >= $8 then 'quarantined' else 'sorted' end,
       reason = $7, lease_until = null, run_at = clock_timestamp() + $6::interval,
       done_at = case when attempts >= $8 then clock_timestamp() end
 where shard = $1 and tenant = $2 and message = $3 and ordinal = $4 and lease_fence = $5
   and state = 'taken'
returning state

-- name: list
select shard, message, connection, received_at, size, state, reason from inbox
 where tenant = $1 and ($2::uuid is null or connection = $2)
   and ($3::uuid is null or message < $3) and ($7::text is null or state = $7)
   and ($5::timestamptz is null or received_at >= $5)
   and ($6::timestamptz is null or received_at < $6)
 order by message desc limit $4

-- name: list_quarantined
select shard, message, connection, received_at, size, state, reason from inbox i
 where i.tenant = $1 and ($2::uuid is null or i.connection = $2)
   and ($3::uuid is null or i.message < $3)
   and ($5::timestamptz is null or i.received_at >= $5)
   and ($6::timestamptz is null or i.received_at < $6)
   and i.message in (
     select q.message from inbox q where q.tenant = $1 and q.state = 'quarantined'
     union
     select p.message from inbox_part p where p.tenant = $1 and p.state = 'quarantined')
 order by i.message desc limit $4

-- name: parts_of
select p.message, p.ordinal, p.lane, p.state, p.attempts, p.reason, p.done_at
  from unnest($2::smallint[], $3::uuid[]) as m(shard, message)
 cross join lateral (
   select * from inbox_part q
    where q.shard = m.shard and q.tenant = $1 and q.message = m.message
   offset 0) p
 order by p.message, p.ordinal

-- name: read
select connection, received_at, method, headers, body, size, day, state, reason from inbox
 where shard = $1 and tenant = $2 and message = $3

-- name: replay
update inbox set state = 'new', reason = null, done_at = null
 where shard = $1 and tenant = $2 and message = $3 and state in ('quarantined', 'ignored')
   and body is not null
returning message

-- name: replay_parts
update inbox_part
   set state = 'sorted', attempts = 0, run_at = clock_timestamp(), reason = null, done_at = null
 where shard = $1 and tenant = $2 and message = $3 and state = 'quarantined'
returning message

-- name: replay_range
update inbox set state = 'new', reason = null, done_at = null
 where tenant = $1 and state = 'quarantined' and ($2::uuid is null or connection = $2)
   and ($3::timestamptz is null or received_at >= $3)
   and ($4::timestamptz is null or received_at < $4)
returning message

-- name: replay_parts_range
update inbox_part p
   set state = 'sorted', attempts = 0, run_at = clock_timestamp(), reason = null, done_at = null
  from inbox i
 where p.tenant = $1 and p.state = 'quarantined' and ($2::uuid is null or p.connection = $2)
   and i.shard = p.shard and i.tenant = p.tenant and i.message = p.message
   and ($3::timestamptz is null or i.received_at >= $3)
   and ($4::timestamptz is null or i.received_at < $4)
returning p.message

-- name: forget
select inbox_forget($1, $2, $3)

-- name: drop_part
update inbox_part set ref = null, lane = '', revision = null, dedup = null
 where shard = $1 and tenant = $2 and message = $3 and ordinal = $4 and done_at is not null

-- name: drop_body
update inbox i set headers = null, body = null
 where i.shard = $1 and i.tenant = $2 and i.message = $3
   and not exists (select from inbox_part p
                    where p.shard = i.shard and p.tenant = i.tenant and p.message = i.message
                      and p.state in ('sorted', 'taken', 'quarantined'))

-- name: forget_day_keys
select day_keys_forget($1)
