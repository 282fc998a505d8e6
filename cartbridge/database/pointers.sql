-- name: claim
select pointers_claim($1, $2, $3, $4, $5, $6)

-- name: find
select pointers_find($1, $2, $3, $4, $5)

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
