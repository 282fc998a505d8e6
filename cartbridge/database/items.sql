-- name: lock
insert into item_list (shard, tenant) values ($1, $2)
  on conflict (shard, tenant) do update set changed_at = clock_timestamp()

-- name: holders
select c.kind, c.value, c.sku
  from unnest($3::text[], $4::text[]) as n(kind, value)
 cross join lateral (
   select i.kind, i.value, i.sku from item_code i
    where i.shard = $1 and i.tenant = $2 and i.kind = n.kind and i.value = n.value
   offset 0) c
union
select i.kind, i.value, i.sku from item_code i
 where i.shard = $1 and i.tenant = $2 and i.sku = any ($5::text[])

-- name: drop_numbers
delete from item_code where shard = $1 and tenant = $2 and sku = any ($3::text[])

-- name: put_items
insert into item (shard, tenant, sku, body)
  select $1, $2, n.sku, n.body::json from unnest($3::text[], $4::text[]) as n(sku, body)
  on conflict (shard, tenant, sku)
  do update set body = excluded.body, changed_at = clock_timestamp()

-- name: put_numbers
insert into item_code (shard, tenant, kind, value, sku)
  select $1, $2, n.kind, n.value, n.sku
    from unnest($3::text[], $4::text[], $5::text[]) as n(kind, value, sku)

-- name: drop_item
delete from item where shard = $1 and tenant = $2 and sku = $3 returning sku

-- name: find
select place, kind, value, body from items_find($1, $2, $3, $4, $5)

-- name: brand_of_store
select parent from place where shard = $1 and tenant = $2 and kind = 'store' and id = $3
