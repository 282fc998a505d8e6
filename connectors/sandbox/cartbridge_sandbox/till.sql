create table if not exists call (
  id integer primary key autoincrement,
  idempotency_key text not null unique,
  method text not null,
  path text not null,
  if_match text,
  body text not null,
  keep integer not null,
  claim text,
  state text not null default 'saved' check (state in ('saved', 'answered', 'refused')),
  status integer,
  answer text
);
create index if not exists call_state_idx on call (state, id);
create table if not exists held (claim text primary key, fence integer not null, answer text not null);
create table if not exists kept (name text primary key, value text not null);
