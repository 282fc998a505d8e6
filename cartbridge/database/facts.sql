-- name: behind
select shard, followed, upto, tenant, cart from facts_behind($1)

-- name: store
select facts_store($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: page
-- What retention has removed since is not told any more.
select f.cart, f.body
  from cart_facts f
 where f.shard = $1 and f.tenant = $2 and f.cart > $3
   and ((f.began_at >= $4 and f.began_at < $5)
        or (f.last_sold_at >= $4 and f.first_sold_at < $5))
   and exists (select from stream s where s.shard = $1 and s.tenant = $2 and s.id = f.cart)
 order by f.cart limit $6
