-- What removes: whole ended documents, and command ids nobody will repeat any more.

-- Removes one whole stream and leaves a tombstone. Refuses a document that may still change and
-- one under a legal hold; answers how many events were removed.
create function retire_stream(p_shard smallint, p_tenant uuid, p_id uuid) returns int
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_state text;
  v_root uuid;
  v_positions bigint[];
begin
  perform 1 from shard_counter where shard = p_shard for update;
  select v.state into v_state from view v
   where v.shard = p_shard and v.tenant = p_tenant and v.id = p_id;
  if v_state is null then
    raise exception 'there is no such document' using errcode = 'no_data_found';
  elsif v_state not in ('expired', 'cancelled', 'fulfilled', 'returned', 'merged') then
    raise exception 'the document is still alive (%)', v_state
      using errcode = 'object_in_use', hint = 'Only an ended document can be removed.';
  elsif exists (select from legal_hold h where h.shard = p_shard and h.tenant = p_tenant
                   and h.document = p_id) then
    raise exception 'the document is under a legal hold'
      using errcode = 'object_in_use', hint = 'Lift the hold first.';
  end if;

  select array_agg(e.position order by e.position) into v_positions from event e
   where e.shard = p_shard and e.tenant = p_tenant and e.stream = p_id;
  insert into tombstone (shard, tenant, id, kind, positions, last_hash)
    select s.shard, s.tenant, s.id, s.kind, v_positions, s.hash from stream s
     where s.shard = p_shard and s.tenant = p_tenant and s.id = p_id;

  perform set_config('cartbridge.retiring', p_id::text, true);
  delete from event where shard = p_shard and tenant = p_tenant and stream = p_id;
  perform set_config('cartbridge.retiring', '', true);
  delete from view where shard = p_shard and tenant = p_tenant and id = p_id;
  delete from lease where shard = p_shard and tenant = p_tenant and document = p_id;
  delete from stream where shard = p_shard and tenant = p_tenant and id = p_id
    returning key_root into v_root;
  if not exists (select from stream s where s.shard = p_shard and s.tenant = p_tenant
                    and s.key_root = v_root) then
    delete from document_key where shard = p_shard and tenant = p_tenant and root = v_root;
  end if;
  return cardinality(v_positions);
end $$;

-- Forgets commands stored before that time: at least seven days, for they make retries safe.
create function forget_commands(p_before timestamptz, p_limit int) returns int
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_forgotten int;
begin
  delete from command where ctid = any (array(
    select c.ctid from command c
     where c.recorded_at < least(p_before, clock_timestamp() - interval '7 days')
     limit p_limit));
  get diagnostics v_forgotten = row_count;
  return v_forgotten;
end $$;

alter function retire_stream owner to cartbridge_retention;
alter function forget_commands owner to cartbridge_retention;
revoke all on function retire_stream, forget_commands from public;
grant execute on function retire_stream, forget_commands to cartbridge_app;
