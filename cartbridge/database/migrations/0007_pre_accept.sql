-- Receiving a batch in one statement: what is new is stored, and only what had come before is told.

-- Store a batch of deliveries. Answers the place in the batch (from 1) of each that had come
-- before, and under which message it is kept. One whose message is stored already is not told:
-- the batch may be sent again after a cut. A sealed body is 36 bytes longer than what it seals.
create function inbox_accept(
  p_tenant uuid[], p_connection uuid[], p_message uuid[], p_method text[], p_headers bytea[],
  p_body bytea[], p_day date[], p_dedup bytea[])
returns table (place int, message uuid)
language plpgsql volatile security definer
set search_path = public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  v_count int := cardinality(p_message);
  v_shard smallint[] := array_fill(0::smallint, array[v_count]);
  v_arrived bigint[] := array_fill(0::bigint, array[v_count]);
  v_last bigint;
  v_place int;
  v_stored int;
  c record;
begin
  -- Locks the connections in one order; arrivals of one connection follow each other.
  for c in select shard_of_key(uuid_send(k.connection)) as shard, k.tenant, k.connection,
                  array_agg(k.place order by k.place) as places
             from unnest(p_tenant, p_connection) with ordinality as k(tenant, connection, place)
            group by k.tenant, k.connection order by 1, 2, 3 loop
    insert into inbox_connection as i (shard, tenant, connection, arrived)
      values (c.shard, c.tenant, c.connection, cardinality(c.places))
      on conflict (shard, tenant, connection)
        do update set arrived = i.arrived + cardinality(c.places)
      returning i.arrived - cardinality(c.places) into v_last;
    foreach v_place in array c.places loop
      v_last := v_last + 1;
      v_shard[v_place] := c.shard;
      v_arrived[v_place] := v_last;
    end loop;
  end loop;

  insert into inbox (shard, tenant, message, connection, arrived, method, headers, body, size,
                     day, dedup)
    select n.shard, n.tenant, n.message, n.connection, n.arrived, n.method, n.headers, n.body,
           octet_length(n.body) - 36, n.day, n.dedup
      from unnest(v_shard, p_tenant, p_message, p_connection, v_arrived, p_method, p_headers,
                  p_body, p_day, p_dedup)
        as n(shard, tenant, message, connection, arrived, method, headers, body, day, dedup)
    on conflict do nothing;
  get diagnostics v_stored = row_count;
  if v_stored = v_count then
    return;
  end if;

  for v_place in 1 .. v_count loop
    continue when exists (
      select from inbox i
       where i.shard = v_shard[v_place] and i.tenant = p_tenant[v_place]
         and i.message = p_message[v_place]);
    select i.message into strict message from inbox i
     where i.shard = v_shard[v_place] and i.tenant = p_tenant[v_place]
       and i.connection = p_connection[v_place] and i.dedup = p_dedup[v_place];
    place := v_place;
    return next;
  end loop;
end $$;

do $$
begin
  alter function inbox_accept owner to cartbridge_engine;
  revoke all on function inbox_accept from public;
  grant execute on function inbox_accept to cartbridge_app;
end $$;
