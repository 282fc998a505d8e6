-- name: create_record
create table if not exists migration (
  name text primary key,
  sha256 text not null,
  at timestamptz not null default clock_timestamp()
)

-- name: lend_schema
do $$
begin
  if exists (select from pg_roles where rolname = 'cartbridge_engine')
     and exists (select from pg_roles where rolname = 'cartbridge_retention') then
    grant create on schema public to cartbridge_engine, cartbridge_retention;
  end if;
end $$

-- name: take_schema_back
revoke create on schema public from cartbridge_engine, cartbridge_retention
