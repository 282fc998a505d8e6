-- name: keep
insert into browsing as b (shard, tenant, person, day, what, item, count, fact, sealed)
  select $1, $2, $3, n.day, n.what, n.item, n.count, $9, n.sealed
    from unnest($4::date[], $5::text[], $6::bytea[], $7::int[], $8::bytea[])
           as n(day, what, item, count, sealed)
   where exists (select from browsing o
                  where o.shard = $1 and o.tenant = $2 and o.person = $3 and o.day = n.day
                    and o.what = n.what and o.item = n.item)
      or (select count(*) from browsing o
           where o.shard = $1 and o.tenant = $2 and o.person = $3 and o.day = n.day) < $10
  on conflict (shard, tenant, person, day, what, item) do update
    set count = least(1000000,
                      b.count + case when b.fact = excluded.fact then 0 else excluded.count end),
        fact = excluded.fact, sealed = excluded.sealed

-- name: read
select day, what, item, count, sealed from browsing
 where shard = $1 and tenant = $2 and person = $3 and day >= $4
 order by day desc, count desc, item limit $5

-- name: forget
delete from browsing where shard = $1 and tenant = $2 and person = $3

-- name: moved
delete from browsing b
 using unnest($4::date[], $5::text[], $6::bytea[], $7::int[]) as n(day, what, item, count)
 where b.shard = $1 and b.tenant = $2 and b.person = $3 and b.day = n.day and b.what = n.what
   and b.item = n.item and b.count = n.count

-- name: tie
insert into browsing_session (shard, tenant, session, person, customer, day)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (shard, tenant, session) do update
    set person = excluded.person, customer = excluded.customer, day = excluded.day

-- name: whose
select customer from browsing_session where shard = $1 and tenant = $2 and session = $3

-- name: untie
delete from browsing_session where shard = $1 and tenant = $2 and session = $3

-- name: untie_all
delete from browsing_session where tenant = $1 and person = $2

-- name: forget_older
select browsing_forget($1, $2, $3)

-- name: count
insert into shop_floor as f (shard, tenant, store, day, kind, sku, count, fact)
  select $1, $2, $3, $4, $5, n.sku, n.count, $8
    from unnest($6::text[], $7::int[]) as n(sku, count)
  on conflict (shard, tenant, store, day, kind, sku) do update
    set count = f.count + case when f.fact = excluded.fact then 0 else excluded.count end,
        fact = excluded.fact

-- name: counts
select sku, kind, sum(count)::bigint as count from shop_floor
 where shard = $1 and tenant = $2 and ($3::text is null or store = $3)
   and ($4::date is null or day >= $4) and ($5::date is null or day <= $5)
 group by sku, kind order by 3 desc, sku, kind limit $6
