-- Who customers are: what is known of them, by which identifiers, and who looked. Working tables.

-- One customer. What is known of her is sealed by her own key (person_key).
create table customer (
  shard smallint not null,  -- of her id
  tenant uuid not null,
  id uuid not null,
  version int not null,
  sealed bytea not null,  -- ciphertext
  erasure_asked_at timestamptz,  -- that somebody has to deal with
  changed_at timestamptz not null default clock_timestamp(),
  primary key (shard, tenant, id)
);
create index customer_erasure_idx on customer (shard, tenant, erasure_asked_at)
  where erasure_asked_at is not null;

-- Everybody of whom an identifier was told. Whom it identifies is its pointer alone.
create table customer_identifier (
  shard smallint not null,  -- of the key
  tenant uuid not null,
  key bytea not null,  -- keyed hash
  customer uuid not null,
  primary key (shard, tenant, key, customer)
);

-- Who looked a customer up in a store, and what for. Nothing of her but her id.
create table customer_access (
  shard smallint not null,  -- of the customer
  tenant uuid not null,
  customer uuid not null,
  id uuid not null,  -- UUIDv7: its order is that of time
  at timestamptz not null default clock_timestamp(),
  actor text not null,  -- the staff, or the key that called
  store text not null,
  terminal text not null,
  staff text,
  found_by text not null,
  shown boolean not null,  -- false: others were found, too, and nobody was shown
  sealed bytea not null,  -- what for, in the words of who asked: sealed by the customer's key
  primary key (shard, tenant, customer, id)
);

grant select, insert, update, delete on customer, customer_identifier, customer_access
  to cartbridge_app;

do $$
declare
  name text;
begin
  foreach name in array array['customer', 'customer_identifier', 'customer_access'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_rows on %I to cartbridge_app
      using (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)
      with check (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)', name);
    execute format(
      'create policy all_rows on %I for select to cartbridge_engine using (true)', name);
  end loop;
end $$;
