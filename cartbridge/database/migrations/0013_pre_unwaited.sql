-- Fewer waits for the disk, and fewer round trips in front of a till.

-- What this transaction stores need not be on disk when it is answered: it can be derived anew, or
-- whatever relies on it is written after it, to the same log, and waited for. Where the tables are
-- spread over several servers, there are several logs, and it waits as usual.
create function commit_unwaited() returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('pg_catalog.pg_dist_node') is null then
    perform set_config('synchronous_commit', 'off', true);
  end if;
end $$;
grant execute on function commit_unwaited() to cartbridge_app;

-- How far connections have arrived (or the moment given), whether anything up to there still waits
-- for a sorter, and whether anything waits in a lane of theirs: looked at in this order, so that
-- nothing slips between.
create function inbox_horizons(
  p_shard smallint[], p_tenant uuid[], p_connection uuid[], p_lane text[], p_upto bigint[])
returns table (arrived bigint, waits boolean, lane_waits boolean)
language plpgsql volatile security definer
set search_path = public, pg_temp
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
#variable_conflict use_column
begin
  for number in 1 .. cardinality(p_lane) loop
    arrived := coalesce(p_upto[number], (
      select x.arrived from inbox_connection x
       where x.shard = p_shard[number] and x.tenant = p_tenant[number]
         and x.connection = p_connection[number]), 0);
    waits := arrived > 0
      and inbox_waits(p_shard[number], p_tenant[number], p_connection[number], arrived);
    lane_waits := coalesce((
      select true from inbox_part d
       where d.shard = p_shard[number] and d.tenant = p_tenant[number]
         and d.lane = p_lane[number] and d.done_at is null
       order by d.arrived, d.ordinal limit 1), false);
    return next;
  end loop;
end $$;

grant select on item, item_code to cartbridge_engine;

-- Articles by SKU (kind sku) or number, of many questions at once; `place` is the question's.
create function items_find(
  p_place int[], p_shard smallint[], p_tenant uuid[], p_kind text[], p_value text[])
returns table (place int, kind text, value text, body json)
language sql stable security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
  select n.place, n.kind, n.value, f.body
    from unnest(p_place, p_shard, p_tenant, p_kind, p_value) as n(place, shard, tenant, kind, value)
   cross join lateral (
     select i.body from item i
      where n.kind = 'sku' and i.shard = n.shard and i.tenant = n.tenant and i.sku = n.value
     union all
     select i.body from item_code c
       join item i on i.shard = c.shard and i.tenant = c.tenant and i.sku = c.sku
      where c.shard = n.shard and c.tenant = n.tenant and c.kind = n.kind and c.value = n.value
     offset 0) f
$$;

do $$
declare
  name text;
begin
  foreach name in array array[
      'inbox_horizons(smallint[], uuid[], uuid[], text[], bigint[])',
      'items_find(int[], smallint[], uuid[], text[], text[])'] loop
    execute format('alter function %s owner to cartbridge_engine', name);
    execute format('revoke all on function %s from public', name);
    execute format('grant execute on function %s to cartbridge_app', name);
  end loop;
end $$;
