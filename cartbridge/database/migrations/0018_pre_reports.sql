-- What the reports must know of each cart, and how far each shard's journal was followed for it.
-- A view: `cartbridge rebuild` begins at the first event again. No personal data is in it.

create table cart_facts (
  shard smallint not null,
  tenant uuid not null,
  cart uuid not null,
  version int not null,  -- of the cart, when they were gathered
  began_at timestamptz not null,
  first_sold_at timestamptz,
  last_sold_at timestamptz,
  body bytea not null,
  primary key (shard, tenant, cart)
);

create table facts_cursor (
  shard smallint primary key,
  position bigint not null default 0  -- everything up to it is in the facts
) with (fillfactor = 10);
insert into facts_cursor (shard)
  select number from installation, generate_series(0, shards - 1) number;

grant select, insert, update, delete on cart_facts, facts_cursor to cartbridge_engine;
grant select on cart_facts, facts_cursor to cartbridge_app;

alter table cart_facts enable row level security, force row level security;
create policy tenant_rows on cart_facts to cartbridge_app
  using (tenant = nullif(current_setting('cartbridge.tenant', true), '')::uuid)
  with check (tenant = nullif(current_setting('cartbridge.tenant', true), '')::uuid);
create policy all_rows on cart_facts to cartbridge_engine using (true) with check (true);

-- For each shard that moved on: from where to where, and one row for each cart that changed there
-- (or one without a cart). Of every tenant.
create function facts_behind(p_window int)
returns table (shard smallint, followed bigint, upto bigint, tenant uuid, cart uuid)
language sql stable security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
  select p.shard, p.followed, p.upto, e.tenant, e.stream
    from (select c.shard, c.position as followed, least(n.position, c.position + p_window) as upto
            from facts_cursor c, shard_counter n
           where n.shard = c.shard and n.position > c.position) p
    left join lateral (
      select distinct v.tenant, v.stream from event v
       where v.shard = p.shard and v.position > p.followed and v.position <= p.upto
         and exists (select from stream s
                      where s.shard = v.shard and s.tenant = v.tenant and s.id = v.stream
                        and s.kind = 'cart' offset 0)) e on true
   order by p.shard, e.tenant, e.stream
$$;

-- Facts and cursor together, and only by whoever moves the cursor that it read: false for another.
create function facts_store(
  p_shard smallint, p_followed bigint, p_upto bigint, p_tenants uuid[], p_carts uuid[],
  p_versions int[], p_began timestamptz[], p_first_sold timestamptz[], p_last_sold timestamptz[],
  p_bodies bytea[])
returns boolean
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
begin
  update facts_cursor set position = p_upto where shard = p_shard and position = p_followed;
  if not found then
    return false;
  end if;
  insert into cart_facts (shard, tenant, cart, version, began_at, first_sold_at, last_sold_at,
                          body)
    select p_shard, f.tenant, f.cart, f.version, f.began, f.first_sold, f.last_sold, f.body
      from unnest(p_tenants, p_carts, p_versions, p_began, p_first_sold, p_last_sold, p_bodies)
           as f(tenant, cart, version, began, first_sold, last_sold, body)
    on conflict (shard, tenant, cart)
    do update set version = excluded.version, began_at = excluded.began_at,
                  first_sold_at = excluded.first_sold_at, last_sold_at = excluded.last_sold_at,
                  body = excluded.body
      where cart_facts.version <= excluded.version;
  return true;
end $$;

-- Everything is gathered anew; what is there stays until it is replaced, unless its cart is gone.
create function facts_anew() returns void
language plpgsql volatile security definer
set search_path = public, pg_temp
as $$
begin
  update facts_cursor set position = 0;
  delete from cart_facts f
   where not exists (select from stream s
                      where s.shard = f.shard and s.tenant = f.tenant and s.id = f.cart);
end $$;

-- Up to which moment a tenant's events are in the facts: all that was recorded before it is.
create function facts_as_of(p_tenant uuid) returns timestamptz
language sql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
  select least(clock_timestamp(), min(e.recorded_at))
    from facts_cursor c
   cross join lateral (
     select v.recorded_at from event v
      where v.shard = c.shard and v.tenant = p_tenant and v.position > c.position
      order by v.position limit 1) e
$$;

do $$
declare
  signature regprocedure;
begin
  foreach signature in array array[
    'facts_behind(int)'::regprocedure,
    'facts_store(smallint, bigint, bigint, uuid[], uuid[], int[], timestamptz[], timestamptz[], timestamptz[], bytea[])'::regprocedure,
    'facts_anew()'::regprocedure, 'facts_as_of(uuid)'::regprocedure
  ] loop
    execute format('alter function %s owner to cartbridge_engine', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to cartbridge_app', signature);
  end loop;
end $$;
