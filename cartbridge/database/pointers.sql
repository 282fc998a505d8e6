-- name: claim
with mine as (
  insert into pointer as p (shard, tenant, kind, key, target, expires_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (shard, tenant, kind, key)
    do update set target = excluded.target, made_at = clock_timestamp(),
                  expires_at = excluded.expires_at
     where p.expires_at <= clock_timestamp()
  returning target)
select target from mine
union all
select target from pointer
 where shard = $1 and tenant = $2 and kind = $3 and key = $4 and not exists (select from mine)

-- name: find
select target from pointer
 where shard = $1 and tenant = $2 and kind = $3 and key = $4
   and ($5 or expires_at is null or expires_at > clock_timestamp())

-- name: owner
select tenant, target from pointer_owner($1, $2, $3)

-- name: repoint
update pointer set target = $6
 where shard = $1 and tenant = $2 and kind = $3 and key = $4 and target = $5
returning target

-- name: drop
delete from pointer where shard = $1 and tenant = $2 and kind = $3 and key = $4 returning target

-- name: forget
select pointers_forget($1, clock_timestamp() - $2::interval)
