-- What came in and has to be applied, and what has to go out. Working tables: a rebuild leaves
-- them alone. Lanes keep order: of one lane only one worker holds work, and only the oldest.

-- One row per connection that ever wrote to us: the order of arrival, and who sorts it.
create table inbox_connection (
  shard smallint not null,
  tenant uuid not null,
  connection uuid not null,
  arrived bigint not null default 0,      -- the order of the newest message
  taken_up_to bigint not null default 0,  -- the last message the present sorter holds
  taken_at timestamptz,
  lease_until timestamptz,
  lease_fence bigint not null default 0,
  primary key (shard, tenant, connection)
) with (fillfactor = 50);

-- The key that a tenant's raw deliveries of one day are encrypted with, wrapped by the master key.
create table day_key (
  shard smallint not null,
  tenant uuid not null,
  day date not null,
  wrapped bytea not null,
  primary key (shard, tenant, day)
);

create table inbox (
  shard smallint not null,  -- of the connection
  tenant uuid not null,
  message uuid not null,
  connection uuid not null,
  arrived bigint not null,
  received_at timestamptz not null default clock_timestamp(),
  method text not null,
  headers bytea,  -- ciphertext, as is body; null once forgotten
  body bytea,
  size int not null,
  day date not null,
  dedup bytea,  -- hash of the delivery key that the connector named and of the body
  state text not null default 'new' check (state in ('new', 'sorted', 'quarantined', 'ignored')),
  reason text,
  done_at timestamptz,
  primary key (shard, tenant, message)
);
alter table inbox alter headers set storage external, alter body set storage external;
create unique index inbox_dedup_idx on inbox (shard, tenant, connection, dedup)
  where dedup is not null;
create index inbox_new_idx on inbox (shard, tenant, connection, arrived) where state = 'new';
create index inbox_tenant_message_idx on inbox (tenant, message);
create index inbox_quarantined_idx on inbox (tenant, message) where state = 'quarantined';
create index inbox_bodies_idx on inbox (shard, received_at) where body is not null;
create index inbox_day_idx on inbox (tenant, day) where body is not null;

-- One thing that a message speaks of: the unit of applying, in the order of its lane.
create table inbox_part (
  shard smallint not null,
  tenant uuid not null,
  message uuid not null,
  ordinal int not null,
  connection uuid not null,
  arrived bigint not null,
  lane text not null,
  ref json,  -- the twin; json keeps what jsonb refuses
  revision bigint,
  dedup bytea,
  state text not null check (state in ('sorted', 'taken', 'applied', 'echo', 'stale', 'ignored',
                                       'quarantined', 'held')),
  attempts int not null default 0,
  run_at timestamptz not null default clock_timestamp(),
  lease_until timestamptz,
  lease_fence bigint not null default 0,
  reason text,
  done_at timestamptz,
  primary key (shard, tenant, message, ordinal)
) with (fillfactor = 70);
create index inbox_part_due_idx on inbox_part (shard, run_at) where state in ('sorted', 'taken');
create index inbox_part_lane_idx on inbox_part (shard, tenant, lane, arrived, ordinal)
  where state in ('sorted', 'taken');
create index inbox_part_quarantined_idx on inbox_part (tenant, message)
  where state = 'quarantined';

-- What a connection told once is known for as long as the connection lives.
create table seen (
  shard smallint not null,
  tenant uuid not null,
  connection uuid not null,
  key bytea not null,
  seen_at timestamptz not null default clock_timestamp(),
  primary key (shard, tenant, connection, key)
);

-- Locked by whoever hands out the parts of a shard, so that no lane is handed out twice.
create table part_turn (
  shard smallint primary key
);
insert into part_turn (shard) select number from installation, generate_series(0, shards - 1) number;

create table outbox (
  shard smallint not null,  -- of the document, else of the lane
  tenant uuid not null,
  id uuid not null,
  document uuid,
  lane text not null,
  kind text not null,
  connection uuid,
  payload bytea not null,
  run_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  attempts int not null default 0,
  lease_until timestamptz,
  lease_fence int not null default 0,
  state text not null default 'waiting' check (state in ('waiting', 'dead')),
  reason text,
  -- Drawn under the lock of the document's shard, so a document's messages keep their order.
  "order" bigint generated always as identity,
  -- A lane belongs to its connection; what goes nowhere outside shares one that is all zeros.
  endpoint uuid not null generated always as
    (coalesce(connection, '00000000-0000-0000-0000-000000000000')) stored,
  primary key (shard, tenant, id)
) with (fillfactor = 70);
alter table outbox alter payload set storage external;
create index outbox_due_idx on outbox (tenant, endpoint, run_at, "order")
  where state = 'waiting';
create index outbox_lane_idx on outbox (tenant, endpoint, lane, "order")
  where state = 'waiting';
create index outbox_leased_idx on outbox (tenant, endpoint, lease_until)
  where state = 'waiting' and lease_until is not null;
create index outbox_dead_idx on outbox (tenant, id) where state = 'dead';

-- Per connection: whether calls go out. Locked by whoever hands out its messages.
create table circuit (
  shard smallint not null,
  tenant uuid not null,
  connection uuid not null,
  failures int not null default 0,  -- in a row
  open_until timestamptz,
  paused boolean not null default false,  -- by an operator
  reason text,
  primary key (shard, tenant, connection)
) with (fillfactor = 50);

grant select, insert, update, delete
  on inbox_connection, day_key, inbox, inbox_part, seen, outbox, circuit
  to cartbridge_app, cartbridge_engine;
grant select, update on part_turn to cartbridge_engine;  -- only to lock its rows
alter table part_turn enable row level security, force row level security;
create policy all_rows on part_turn to cartbridge_engine using (true) with check (true);

do $$
declare
  name text;
begin
  foreach name in array array['inbox_connection', 'day_key', 'inbox', 'inbox_part', 'seen',
                              'outbox', 'circuit'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy tenant_rows on %I to cartbridge_app
      using (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)
      with check (tenant = nullif(current_setting(''cartbridge.tenant'', true), '''')::uuid)', name);
    execute format('create policy all_rows on %I to cartbridge_engine
      using (true) with check (true)', name);
  end loop;
end $$;
