-- name: put_levels
insert into stock_level as s (shard, tenant, sku, store, quantity, as_of, source)
  select $1, $2, n.sku, n.store, n.quantity, n.as_of, $7
    from unnest($3::text[], $4::text[], $5::numeric[], $6::timestamptz[])
      as n(sku, store, quantity, as_of)
  on conflict (shard, tenant, sku, store)
  do update set quantity = excluded.quantity, as_of = excluded.as_of, source = excluded.source
   where s.as_of <= excluded.as_of

-- name: levels
select sku, store, quantity, as_of, source from stock_level
 where shard = $1 and tenant = $2 and sku = any ($3::text[])
 order by sku, store

-- name: put_price
insert into price_told as p (shard, tenant, sku, price_list, currency, unit_price, as_of, source)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (shard, tenant, sku, price_list, currency)
  do update set unit_price = excluded.unit_price, as_of = excluded.as_of, source = excluded.source
   where p.as_of <= excluded.as_of

-- name: prices
select p.sku, p.unit_price, p.as_of, p.source from price_told p
 where p.shard = $1 and p.tenant = $2 and p.sku = any ($3::text[])
   and p.price_list = $4 and p.currency = $5
   and not exists (
     select from item i
      where i.shard = $1 and i.tenant = $2 and i.sku = p.sku and i.changed_at > p.as_of
        and i.body -> 'prices' -> p.price_list -> p.currency is not null)

-- name: read_rules
select policy, codes, reserve_stock from tenant where shard = 0 and tenant = $1

-- name: write_rules
update tenant set policy = $2, codes = $3, reserve_stock = $4
 where shard = 0 and tenant = $1
returning tenant
