-- The journal (the only truth), what is derived from it in the same transaction, and its keys.
-- Every key begins with (shard, tenant): the same statements run on PostgreSQL and on Citus.

create table installation (
  singular boolean primary key default true check (singular),
  shards smallint not null check (shards between 1 and 4096),  -- fixed for the database's life
  created_at timestamptz not null default clock_timestamp()
);
insert into installation (shards)
  values (coalesce(nullif(current_setting('cartbridge.shards', true), ''), '16')::smallint);

-- The next event's position is one more; one row per page, because every append rewrites its row.
create table shard_counter (
  shard smallint primary key,
  position bigint not null default 0
) with (fillfactor = 10);
insert into shard_counter (shard)
  select number from installation, generate_series(0, shards - 1) number;

create table stream (
  shard smallint not null,
  tenant uuid not null,
  id uuid not null,
  kind text not null,
  key_root uuid not null,  -- the document whose data key seals this one's personal fields
  version int not null,
  hash bytea not null,
  primary key (shard, tenant, id)
) with (fillfactor = 70);

create table event (
  shard smallint not null,
  position bigint not null,
  tenant uuid not null,
  stream uuid not null,
  version int not null,
  type text not null,
  schema_version int not null,
  command uuid not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  header bytea not null,  -- the exact bytes that were hashed, as are body and sealed
  body bytea not null,
  sealed bytea,
  hash bytea not null,
  primary key (shard, position),
  unique (shard, tenant, stream, version)
);
create index event_shard_tenant_position_idx on event (shard, tenant, position);

create table command (
  shard smallint not null,
  tenant uuid not null,
  id uuid not null,
  submission uuid not null,  -- tells a sender's own second try from a repeated command
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (shard, tenant, id)
);
create index command_recorded_at_idx on command using brin (recorded_at);

create table view (
  shard smallint not null,
  tenant uuid not null,
  id uuid not null,
  kind text not null,
  version int not null,
  state text not null,
  updated_at timestamptz not null,  -- when its last event was recorded
  due_at timestamptz,
  customer uuid,
  body bytea not null,
  sealed bytea,
  primary key (shard, tenant, id)
) with (fillfactor = 50);
alter table view alter body set storage external, alter sealed set storage external;
create index view_shard_tenant_kind_state_updated_at_id_idx
  on view (shard, tenant, kind, state, updated_at, id);
create index view_due_at_idx on view (due_at) where due_at is not null;
create index view_shard_tenant_customer_idx
  on view (shard, tenant, customer) where customer is not null;

-- A document's data key, wrapped by the master key of an epoch or by a person's key.
create table document_key (
  shard smallint not null,
  tenant uuid not null,
  root uuid not null,
  wrapped bytea not null,
  wrapped_by text not null,  -- master:<epoch> or person:<uuid>
  primary key (shard, tenant, root)
);
create index document_key_wrapped_by_idx on document_key (tenant, wrapped_by);

-- Erasing a person is deleting this row.
create table person_key (
  shard smallint not null,
  tenant uuid not null,
  subject uuid not null,
  wrapped bytea not null,
  epoch int not null,
  primary key (shard, tenant, subject)
);

-- The clock of a claim. Not a view: renewals are not journaled and a rebuild leaves it alone.
create table lease (
  shard smallint not null,
  tenant uuid not null,
  document uuid not null,
  claim uuid not null,
  terminal text not null,
  until timestamptz not null,
  hold boolean not null,
  primary key (shard, tenant, document)
) with (fillfactor = 70);
create index lease_until_idx on lease (until);

create table legal_hold (
  shard smallint not null,
  tenant uuid not null,
  document uuid not null,
  reason text not null,
  placed_at timestamptz not null default clock_timestamp(),
  primary key (shard, tenant, document)
);

-- What is left of a stream that retention removed: it explains the missing positions.
create table tombstone (
  shard smallint not null,
  tenant uuid not null,
  id uuid not null,
  kind text not null,
  positions bigint[] not null,
  last_hash bytea not null,
  at timestamptz not null default clock_timestamp(),
  primary key (shard, tenant, id)
);
create index tombstone_positions_idx on tombstone using gin (positions);

-- Rights. The gateway reads its tenant's rows and writes only to the working tables.
grant select on installation, shard_counter
  to cartbridge_app, cartbridge_engine, cartbridge_retention;
grant select on stream, event, command, view, tombstone to cartbridge_app;
grant select, insert, update, delete on document_key, person_key, lease, legal_hold
  to cartbridge_app;

grant select, insert on event, command to cartbridge_engine;
grant select, insert, update on stream, view, document_key to cartbridge_engine;
grant select, insert, update, delete on lease to cartbridge_engine;
grant select on tombstone to cartbridge_engine;
grant update on shard_counter to cartbridge_engine;

grant select, delete on stream, event, command, view, document_key, lease to cartbridge_retention;
grant select on legal_hold to cartbridge_retention;
grant select, insert on tombstone to cartbridge_retention;
grant update on shard_counter to cartbridge_retention;  -- only to lock its row

do $$
declare
  name text;
begin
  foreach name in array array['stream', 'event', 'command', 'view', 'document_key', 'person_key',
                              'lease', 'legal_hold', 'tombstone'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    -- After its first use the setting is an empty text, not null.
    execute format('create policy tenant_rows on %I to cartbridge_app
      using (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)
      with check (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)', name);
    execute format('create policy all_rows on %I to cartbridge_engine, cartbridge_retention
      using (true) with check (true)', name);
  end loop;
end $$;

-- The second wall: even the owner cannot change what happened.
create function refuse_to_rewrite_history() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  raise exception 'the journal is append-only: % on event is refused', tg_op
    using errcode = 'insufficient_privilege',
          hint = 'What happened stays; ended documents are removed whole by retire_stream.';
end $$;
create trigger event_is_never_changed before update or truncate on event
  for each statement execute function refuse_to_rewrite_history();

create function refuse_to_delete_an_event() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  if current_user = 'cartbridge_retention'
     and current_setting('cartbridge.retiring', true) = old.stream::text then
    return old;
  end if;
  raise exception 'the journal is append-only: DELETE on event is refused'
    using errcode = 'insufficient_privilege',
          hint = 'Ended documents are removed whole by retire_stream.';
end $$;
create trigger event_is_never_deleted before delete on event
  for each row execute function refuse_to_delete_an_event();
