-- Who and what there is (retailers, places, connections, keys), what is found by a hash, and the
-- calls that may come twice. Working tables: a rebuild leaves them alone.

-- Few rows, all in shard 0, so that a slug is unique among all retailers.
create table tenant (
  shard smallint not null default 0 check (shard = 0),
  tenant uuid not null,
  slug text not null,
  name text not null,
  locale text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (shard, tenant),
  unique (shard, slug)
);

-- Brands, stores and terminals: a model as JSON beside what it is found by.
create table place (
  shard smallint not null,  -- of the tenant
  tenant uuid not null,
  kind text not null check (kind in ('brand', 'store', 'terminal')),
  id text not null,
  parent text,  -- a store's brand, a terminal's store
  body json not null,
  last_seen_at timestamptz,
  client_version text,
  primary key (shard, tenant, kind, id)
) with (fillfactor = 70);
create index place_parent_idx on place (shard, tenant, kind, parent);

create table connection (
  shard smallint not null,  -- of the tenant
  tenant uuid not null,
  id uuid not null,
  slug text not null,
  connector text not null,
  brand text,
  channel text not null,
  settings json not null,  -- secrets in it are ciphertext
  hook text not null,
  state text not null default 'active' check (state in ('active', 'paused')),
  cursor json,
  last_heard_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (shard, tenant, id),
  unique (shard, tenant, slug)
) with (fillfactor = 70);

-- From the unguessable part of a hook's address to its connection.
create table connection_hook (
  shard smallint not null,  -- of the hash
  tenant uuid not null,
  hash bytea not null,
  connection uuid not null,
  primary key (shard, tenant, hash)
);
create unique index connection_hook_hash_idx on connection_hook (shard, hash);

create table api_key (
  shard smallint not null,  -- of the hash
  tenant uuid not null,
  hash bytea not null,  -- of the key; the key itself is nowhere
  id uuid not null,
  role text not null check (role in ('shop', 'pos', 'ops')),
  label text not null,
  connection uuid,
  store text,
  terminal text,
  scopes text[] not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  last_used_at timestamptz,
  primary key (shard, tenant, hash)
);
create unique index api_key_hash_idx on api_key (shard, hash);
create index api_key_id_idx on api_key (tenant, id);

-- Found by the hash of its first four digits, proved by the last four: wrong ones can be counted.
create table pairing_code (
  shard smallint not null,  -- of the finder
  tenant uuid not null,
  finder bytea not null,
  proof bytea not null,
  terminal text not null,
  expires_at timestamptz not null,
  tries int not null default 0,
  primary key (shard, finder)
);

-- Wrong entries per subject (a terminal, an address), counted for all gateways together.
create table attempt_counter (
  shard smallint not null,  -- of the subject
  tenant uuid not null,
  subject bytea not null,
  window_start timestamptz not null,
  count int not null,
  locked_until timestamptz,
  primary key (shard, tenant, subject)
) with (fillfactor = 50);

-- From a hash to a document: written first, once, by its own command.
create table pointer (
  shard smallint not null,  -- of the key
  tenant uuid not null,
  kind text not null check (kind in ('twin', 'code', 'short_code', 'pass', 'receipt',
                                     'identifier', 'claim')),
  key bytea not null,
  target uuid not null,
  made_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  primary key (shard, tenant, kind, key)
);
create index pointer_kind_key_idx on pointer (shard, kind, key) where kind in ('code', 'pass');
create index pointer_expires_idx on pointer (shard, expires_at) where expires_at is not null;

create table idempotency (
  shard smallint not null,  -- of the scope
  tenant uuid not null,
  scope bytea not null,
  request_hash bytea not null,
  seed bytea not null,
  started_at timestamptz not null,
  running_until timestamptz not null,
  status int,
  outcome bytea,  -- ciphertext
  done_at timestamptz,
  primary key (shard, tenant, scope)
) with (fillfactor = 70);
create index idempotency_started_idx on idempotency (shard, started_at);

grant select, insert, update, delete
  on tenant, place, connection, connection_hook, api_key, pairing_code, attempt_counter, pointer,
     idempotency
  to cartbridge_app, cartbridge_engine;

do $$
declare
  name text;
begin
  foreach name in array array['tenant', 'place', 'connection', 'connection_hook', 'api_key',
                              'pairing_code', 'attempt_counter', 'pointer', 'idempotency'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_rows on %I to cartbridge_app
      using (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)
      with check (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)', name);
    execute format('create policy all_rows on %I to cartbridge_engine
      using (true) with check (true)', name);
  end loop;
end $$;

create function tenant_list()
returns table (tenant uuid, slug text, name text, locale text)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.tenant, t.slug, t.name, t.locale from tenant t where t.shard = 0 order by t.slug
$$;

create function hook_find(p_shard smallint, p_hash bytea)
returns table (tenant uuid, connection uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select h.tenant, h.connection from connection_hook h
   where h.shard = p_shard and h.hash = p_hash
$$;

-- Whom a key belongs to, unless it was revoked. Its use is noted once a minute at most.
create function api_key_find(p_shard smallint, p_hash bytea)
returns table (tenant uuid, id uuid, role text, connection uuid, store text, terminal text,
               scopes text[])
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  update api_key k set last_used_at = clock_timestamp()
   where k.shard = p_shard and k.hash = p_hash and k.revoked_at is null
     and (k.last_used_at is null or k.last_used_at < clock_timestamp() - interval '1 minute');
  return query
    select k.tenant, k.id, k.role, k.connection, k.store, k.terminal, k.scopes from api_key k
     where k.shard = p_shard and k.hash = p_hash and k.revoked_at is null;
end $$;

-- Uses a pairing code up. A wrong proof counts as a try; after five the code is dead.
create function pairing_use(p_shard smallint, p_finder bytea, p_proof bytea)
returns table (tenant uuid, terminal text)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  update pairing_code c set tries = c.tries + 1
   where c.shard = p_shard and c.finder = p_finder;
  return query
    delete from pairing_code c
     where c.shard = p_shard and c.finder = p_finder and c.proof = p_proof and c.tries <= 5
       and c.expires_at > clock_timestamp()
    returning c.tenant, c.terminal;
end $$;

-- Makes a pairing code unless a live one begins with the same digits.
create function pairing_make(
  p_shard smallint, p_tenant uuid, p_finder bytea, p_proof bytea, p_terminal text, p_life interval)
returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  delete from pairing_code c
   where c.shard = p_shard and c.finder = p_finder
     and (c.expires_at <= clock_timestamp() or c.tries >= 5);
  insert into pairing_code (shard, tenant, finder, proof, terminal, expires_at)
    values (p_shard, p_tenant, p_finder, p_proof, p_terminal, clock_timestamp() + p_life)
    on conflict do nothing;
  return found;
end $$;

-- A pass or a code says by itself whose it is: its address names no retailer.
create function pointer_owner(p_shard smallint, p_kind text, p_key bytea)
returns table (tenant uuid, target uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select p.tenant, p.target from pointer p
   where p.shard = p_shard and p.kind = p_kind and p_kind in ('code', 'pass') and p.key = p_key
$$;

create function pointers_forget(p_shard smallint, p_before timestamptz) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_done bigint;
begin
  delete from pointer p where p.shard = p_shard and p.expires_at < p_before;
  get diagnostics v_done = row_count;
  return v_done;
end $$;

create function idempotency_forget(p_shard smallint, p_before timestamptz) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_done bigint;
begin
  delete from idempotency i where i.shard = p_shard and i.started_at < p_before;
  get diagnostics v_done = row_count;
  return v_done;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['tenant_list', 'hook_find', 'api_key_find', 'pairing_use',
                              'pairing_make', 'pointer_owner', 'pointers_forget',
                              'idempotency_forget'] loop
    execute format('alter function %I owner to cartbridge_engine', name);
    execute format('revoke all on function %I from public', name);
    execute format('grant execute on function %I to cartbridge_app', name);
  end loop;
end $$;
