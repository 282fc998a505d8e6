-- name: add_tenant
insert into tenant (tenant, slug, name, locale) values ($1, $2, $3, $4)

-- name: list_tenants
select tenant, slug, name, locale from tenant_list()

-- name: update_tenant
update tenant set name = $2, locale = $3 where shard = 0 and tenant = $1 returning tenant

-- name: tenant_used
select exists (select from place where tenant = $1)
    or exists (select from connection where tenant = $1)
    or exists (select from api_key where tenant = $1 and revoked_at is null)
    or exists (select from view where tenant = $1)

-- name: remove_tenant
delete from tenant where shard = 0 and tenant = $1 returning tenant

-- name: add_place
insert into place (shard, tenant, kind, id, parent, body) values ($1, $2, $3, $4, $5, $6)

-- name: read_place
select body from place where shard = $1 and tenant = $2 and kind = $3 and id = $4

-- name: list_places
select body, last_seen_at, client_version from place
 where shard = $1 and tenant = $2 and kind = $3 and ($4::text is null or parent = $4)
 order by id

-- name: list_names
select kind, id, body ->> 'name' as name from place where shard = $1 and tenant = $2

-- name: update_place
update place set parent = $5, body = $6
 where shard = $1 and tenant = $2 and kind = $3 and id = $4
returning id

-- name: place_inside
select id from place
 where shard = $1 and tenant = $2 and kind = $3 and parent = $4 order by id limit 1

-- name: remove_place
delete from place where shard = $1 and tenant = $2 and kind = $3 and id = $4 returning id

-- name: terminal_seen
update place
   set last_seen_at = clock_timestamp(), client_version = coalesce($4, client_version)
 where shard = $1 and tenant = $2 and kind = 'terminal' and id = $3
   and (last_seen_at is null or last_seen_at < clock_timestamp() - interval '10 seconds'
        or client_version is distinct from coalesce($4, client_version))

-- name: add_connection
insert into connection (shard, tenant, id, slug, connector, brand, channel, settings, hook)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: add_hook
insert into connection_hook (shard, tenant, hash, connection) values ($1, $2, $3, $4)

-- name: find_hook
select tenant, connection from hook_find($1, $2)

-- name: read_connection
select id, slug, connector, brand, channel, settings, hook, state, last_heard_at, browse_origins
  from connection
 where shard = $1 and tenant = $2 and id = $3

-- name: read_connection_by_slug
select id, slug, connector, brand, channel, settings, hook, state, last_heard_at, browse_origins
  from connection
 where shard = $1 and tenant = $2 and slug = $3

-- name: list_connections
select id, slug, connector, brand, channel, settings, hook, state, last_heard_at, browse_origins
  from connection
 where shard = $1 and tenant = $2 order by slug

-- name: update_connection
update connection
   set settings = coalesce($4::json, settings), state = coalesce($5, state),
       brand = coalesce($6, brand), channel = coalesce($7, channel)
 where shard = $1 and tenant = $2 and id = $3
returning id, slug, connector, brand, channel, settings, hook, state, last_heard_at, browse_origins

-- name: remove_connection
delete from connection where shard = $1 and tenant = $2 and id = $3 returning hook

-- name: forget_credential
delete from credential where shard = $1 and tenant = $2 and connection = $3

-- name: forget_duties
delete from duty where shard = $1 and tenant = $2 and subject = $3

-- name: connection_silence
update connection set silent_after_hours = $4 where shard = $1 and tenant = $2 and id = $3
returning id

-- name: let_browse
update connection set browse_origins = $4 where shard = $1 and tenant = $2 and id = $3
returning id

-- name: find_by_name
insert into connection_hook (shard, tenant, hash, connection) values ($1, $2, $3, $4)
  on conflict do nothing

-- name: remove_hook
delete from connection_hook where shard = $1 and tenant = $2 and hash = $3

-- name: read_cursor
select cursor from connection where shard = $1 and tenant = $2 and id = $3

-- name: keep_cursor
update connection set cursor = $4 where shard = $1 and tenant = $2 and id = $3

-- name: connection_heard
update connection set last_heard_at = clock_timestamp()
 where shard = $1 and tenant = $2 and id = $3
   and (last_heard_at is null or last_heard_at < clock_timestamp() - interval '10 seconds')

-- name: add_key
insert into api_key (shard, tenant, hash, id, role, label, connection, store, terminal, scopes)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: find_key
select tenant, id, role, connection, store, terminal, scopes from api_key_find($1, $2)

-- name: list_keys
select id, role, label, connection, store, terminal, scopes, created_at, revoked_at, last_used_at
  from api_key where tenant = $1 order by id

-- name: revoke_key
update api_key set revoked_at = clock_timestamp()
 where tenant = $1 and id = $2 and revoked_at is null
returning id

-- name: revoke_terminal_keys
update api_key set revoked_at = clock_timestamp()
 where tenant = $1 and terminal = $2 and revoked_at is null
returning id

-- name: make_pairing
select pairing_make($1, $2, $3, $4, $5, $6)

-- name: use_pairing
select tenant, terminal from pairing_use($1, $2, $3)

-- name: count_failure
insert into attempt_counter as a (shard, tenant, subject, window_start, count, locked_until)
  values ($1, $2, $3, clock_timestamp(), 1,
          case when $4::int <= 1 then clock_timestamp() + $6::interval end)
  on conflict (shard, tenant, subject)
  do update set
    window_start = case when a.window_start + $5::interval <= clock_timestamp()
                     then clock_timestamp() else a.window_start end,
    count = case when a.window_start + $5::interval <= clock_timestamp()
              then 1 else a.count + 1 end,
    locked_until = case
      when a.locked_until > clock_timestamp() then a.locked_until
      when $4::int <= case when a.window_start + $5::interval <= clock_timestamp()
                        then 1 else a.count + 1 end
        then clock_timestamp() + $6::interval
      end
returning extract(epoch from locked_until - clock_timestamp())::float8

-- name: locked
select extract(epoch from locked_until - clock_timestamp())::float8
  from attempt_counter where shard = $1 and tenant = $2 and subject = $3
