-- name: place_hold
insert into legal_hold (shard, tenant, document, reason)
values ($1, $2, $3, $4)
on conflict (shard, tenant, document) do update set reason = excluded.reason
