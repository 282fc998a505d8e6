-- What people look at, on the web with their consent and in stores without their name. Working
-- tables: they hold days, not moments, and forget; a rebuild leaves them alone.

-- One row per person, day, what she did and with what. `person` and `item` are keyed hashes.
create table browsing (
  shard smallint not null,  -- of the person
  tenant uuid not null,
  person uuid not null,  -- of a customer, or of a visitor's session as long as she is not known
  day date not null,  -- in her brand's time zone
  what text not null,
  item bytea not null,  -- differs from person to person
  count int not null,
  fact bytea not null,  -- of the last one counted: told again it counts once
  sealed bytea not null,  -- ciphertext: the article, list or search, and in which store
  primary key (shard, tenant, person, day, what, item)
) with (fillfactor = 80);
create index browsing_day_idx on browsing (shard, day);

-- Whose a session is, once that was told: what it goes on looking at is hers.
create table browsing_session (
  shard smallint not null,  -- of the session
  tenant uuid not null,
  session uuid not null,  -- keyed hash, as in browsing.person
  person uuid not null,  -- keyed hash of the customer
  customer bytea not null,  -- her id, ciphertext
  day date not null,  -- the last on which it was told
  primary key (shard, tenant, session)
) with (fillfactor = 80);
create index browsing_session_person_idx on browsing_session (tenant, person);
create index browsing_session_day_idx on browsing_session (shard, day);

-- What was shown, tried and asked for in a store: no person.
create table shop_floor (
  shard smallint not null,  -- of the tenant
  tenant uuid not null,
  store text not null,
  day date not null,  -- in the store's time zone
  kind text not null,
  sku text not null,
  count int not null,
  fact bytea not null,  -- of the last one counted
  primary key (shard, tenant, store, day, kind, sku)
) with (fillfactor = 80);
create index shop_floor_day_idx on shop_floor (shard, day);

-- The web origins (https://shop.example) whose pages may tell what is looked at.
alter table connection add column browse_origins text[] not null default '{}';

grant select, insert, update, delete on browsing, browsing_session, shop_floor to cartbridge_app;
grant select, delete on browsing, browsing_session, shop_floor to cartbridge_retention;

do $$
declare
  name text;
begin
  foreach name in array array['browsing', 'browsing_session', 'shop_floor'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_rows on %I to cartbridge_app
      using (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)
      with check (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)', name);
    execute format('create policy all_rows on %I to cartbridge_retention
      using (true) with check (true)', name);
  end loop;
end $$;

-- Removes, for all tenants, what was looked at before a day and counted in stores before another.
create function browsing_forget(p_shard smallint, p_before date, p_counts_before date)
returns bigint
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
declare
  v_rows bigint;
  v_done bigint;
begin
  delete from browsing where shard = p_shard and day < p_before;
  get diagnostics v_done = row_count;
  delete from browsing_session where shard = p_shard and day < p_before;
  get diagnostics v_rows = row_count;
  v_done := v_done + v_rows;
  delete from shop_floor where shard = p_shard and day < p_counts_before;
  get diagnostics v_rows = row_count;
  return v_done + v_rows;
end $$;
alter function browsing_forget(smallint, date, date) owner to cartbridge_retention;
revoke all on function browsing_forget(smallint, date, date) from public;
grant execute on function browsing_forget(smallint, date, date) to cartbridge_app;
