-- The same on both sides: what stores have, what price lists say since the item file was taken, and
-- the rules a retailer sets for all its stores. Working tables: a rebuild leaves them alone.

create table stock_level (
  shard smallint not null,  -- of the tenant, as is the item list beside it
  tenant uuid not null,
  sku text not null,
  store text not null,
  quantity numeric(15, 6) not null check (quantity >= 0),
  as_of timestamptz not null,  -- when it was so, by whoever told it
  source text,  -- the connection that told it; null: an operator
  primary key (shard, tenant, sku, store)
);

create table price_told (
  shard smallint not null,
  tenant uuid not null,
  sku text not null,
  price_list text not null,
  currency text not null,
  unit_price bigint,  -- minor units; null: it is no longer in that list
  as_of timestamptz not null,
  source text,
  primary key (shard, tenant, sku, price_list, currency)
);

-- A price that was told holds until a newer item file tells another one. Null: put there before
-- this step, and so older than whatever is told from now on. No default at first: a list of
-- articles is not rewritten while tills ask for it.
alter table item add column changed_at timestamptz;
alter table item alter column changed_at set default clock_timestamp();

alter table tenant
  add column policy text check (policy in ('till', 'captured', 'lower')),
  add column codes text check (codes in ('honoured', 'not_honoured')),
  add column reserve_stock boolean not null default false;

grant select, insert, update, delete on stock_level, price_told to cartbridge_app;

do $$
declare
  name text;
begin
  foreach name in array array['stock_level', 'price_told'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_rows on %I to cartbridge_app
      using (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)
      with check (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)', name);
    execute format(  -- a backup by an account that is no administrator sees every row
      'create policy all_rows on %I for select to cartbridge_engine using (true)', name);
  end loop;
end $$;
