-- name: read
select c.version, c.sealed, c.erasure_asked_at,
       (select k.wrapped from person_key k
         where k.shard = $1 and k.tenant = $2 and k.subject = $3 offset 0) as wrapped
  from customer c where c.shard = $1 and c.tenant = $2 and c.id = $3

-- name: begin
insert into customer (shard, tenant, id, version, sealed, erasure_asked_at)
values ($1, $2, $3, $4 + 1, $5, $6)
on conflict (shard, tenant, id) do nothing
returning version

-- name: change
update customer
   set version = $4 + 1, sealed = $5, erasure_asked_at = $6, changed_at = clock_timestamp()
 where shard = $1 and tenant = $2 and id = $3 and version = $4
returning version

-- name: asking_erasure
select id, erasure_asked_at from customer
 where shard = any ($1::smallint[]) and tenant = $2 and erasure_asked_at is not null
 order by erasure_asked_at, id limit $3

-- name: tell_identifiers
insert into customer_identifier (shard, tenant, key, customer)
select n.shard, $1, n.key, $4 from unnest($2::smallint[], $3::bytea[]) as n(shard, key)
on conflict (shard, tenant, key, customer) do nothing

-- name: told_of
select customer from customer_identifier
 where shard = $1 and tenant = $2 and key = $3
 order by customer limit $4

-- name: note_access
insert into customer_access
  (shard, tenant, customer, id, actor, store, terminal, staff, found_by, shown, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (shard, tenant, customer, id) do nothing

-- name: accesses
select id, at, actor, store, terminal, staff, found_by, shown, sealed from customer_access
 where shard = $1 and tenant = $2 and customer = $3 and id < $4
 order by id desc limit $5
