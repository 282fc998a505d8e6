-- name: counter
select position from shard_counter where shard = $1

-- name: stream_heads
select * from stream_heads($1, $2, $3, $4)

-- name: stream_head
select * from stream_head($1, $2, $3)

-- name: chain_events
select * from chain_events($1, $2, $3, $4)

-- name: stored_positions
select * from stored_positions($1, $2, $3)

-- name: removed_positions
select * from removed_positions($1, $2)

-- name: stored_view_keys
select * from stored_view_keys($1, $2, $3, $4)

-- name: stored_views
select * from stored_views($1, $2, $3)

-- name: replace_views
select replaced from replace_views($1, $2, $3, $4::view_in[])
