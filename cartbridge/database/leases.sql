-- name: of
select document, claim, terminal, until, hold, seconds_left from leases_of($1, $2, $3)

-- name: renew
update lease
   set until = coalesce($6::timestamptz,
                        clock_timestamp() + make_interval(secs => $5::double precision)),
       hold = coalesce($7::boolean, hold)
 where shard = $1 and tenant = $2 and document = $3 and claim = $4 and until > clock_timestamp()
returning extract(epoch from until - clock_timestamp())

-- name: at_terminals
select document from lease where shard = any($1) and tenant = $2 and terminal = any($3)
