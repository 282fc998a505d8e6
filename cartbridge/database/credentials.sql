-- name: read
select version, sealed, expires_at from credential
 where shard = $1 and tenant = $2 and connection = $3

-- name: keep_first
insert into credential (shard, tenant, connection, version, sealed, expires_at)
  values ($1, $2, $3, $4::bigint + 1, $5, $6) on conflict do nothing
  returning version

-- name: keep_next
update credential
   set version = version + 1, sealed = $5, expires_at = $6, refreshed_at = clock_timestamp()
 where shard = $1 and tenant = $2 and connection = $3 and version = $4
returning version
