-- name: add
insert into subscription (shard, tenant, id, url, types, description, secrets, cursor)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict do nothing

-- name: read
select id, url, types, description, secrets, state, reason, cursor, created_at, last_delivered_at,
       failing_since, last_error, last_error_at
  from subscription where shard = $1 and tenant = $2 and id = $3

-- name: list
select id, url, types, description, secrets, state, reason, cursor, created_at, last_delivered_at,
       failing_since, last_error, last_error_at
  from subscription
 where shard = $1 and tenant = $2 and ($3::uuid is null or id > $3) order by id limit $4

-- name: change
update subscription
   set url = coalesce($4, url), description = coalesce($5, description),
       types = case when $6 then $7 else types end, state = coalesce($8, state),
       reason = case when $8 is null then reason when $8 = 'paused' then 'by an operator' end,
       failing_since = case when $8 = 'active' then null else failing_since end
 where shard = $1 and tenant = $2 and id = $3 and state <> 'ended'
returning id

-- name: remove
delete from subscription where shard = $1 and tenant = $2 and id = $3 returning id

-- name: secrets
select secrets from subscription where shard = $1 and tenant = $2 and id = $3 for update

-- name: keep_secrets
update subscription set secrets = $4 where shard = $1 and tenant = $2 and id = $3

-- name: active
select tenant, id, types, cursor from subscriptions_active()

-- name: advance
update subscription set cursor = $5
 where shard = $1 and tenant = $2 and id = $3 and cursor = $4 and state = 'active'
returning id

-- name: enqueue
insert into outbox (shard, tenant, id, document, lane, kind, connection, payload)
  select r.shard, $1, r.id, r.document, r.lane, 'event', $2, r.payload
    from unnest($3::smallint[], $4::uuid[], $5::uuid[], $6::text[], $7::bytea[]) with ordinality
         as r(shard, id, document, lane, payload, ord)
   order by r.ord
  on conflict do nothing

-- name: delivered
update subscription set last_delivered_at = clock_timestamp(), failing_since = null
 where shard = $1 and tenant = $2 and id = $3

-- name: failed
update subscription s
   set failing_since = coalesce(s.failing_since, clock_timestamp()), last_error = $4,
       last_error_at = clock_timestamp(),
       state = case when s.state = 'active' and s.failing_since < clock_timestamp() - $5::interval
                 then 'paused' else s.state end,
       reason = case when s.state = 'active' and s.failing_since < clock_timestamp() - $5::interval
                  then 'it took nothing for days: ' || $4 else s.reason end
 where s.shard = $1 and s.tenant = $2 and s.id = $3
returning s.state

-- name: end
update subscription set state = 'ended', reason = $4
 where shard = $1 and tenant = $2 and id = $3 and state <> 'ended'
returning id
