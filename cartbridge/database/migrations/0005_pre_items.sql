-- What an article is called, here and elsewhere. An index, not a catalogue; a working table.

-- Locked while a retailer's list is written, so that one number never means two articles.
create table item_list (
  shard smallint not null,  -- of the tenant, as is everything here: a cart is one look-up
  tenant uuid not null,
  changed_at timestamptz not null default clock_timestamp(),
  primary key (shard, tenant)
);

create table item (
  shard smallint not null,
  tenant uuid not null,
  sku text not null,
  body json not null,
  primary key (shard, tenant, sku)
);

-- gtin: 14 digits, world-wide. in_store: scope|14 digits. code: connection|its own code.
create table item_code (
  shard smallint not null,
  tenant uuid not null,
  kind text not null check (kind in ('gtin', 'in_store', 'code')),
  value text not null,
  sku text not null,
  primary key (shard, tenant, kind, value)
);
create index item_code_sku_idx on item_code (shard, tenant, sku);

grant select, insert, update, delete on item_list, item, item_code to cartbridge_app;

do $$
declare
  name text;
begin
  foreach name in array array['item_list', 'item', 'item_code'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_rows on %I to cartbridge_app
      using (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)
      with check (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)', name);
  end loop;
end $$;
