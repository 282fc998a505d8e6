-- name: snapshot
select pg_export_snapshot() as snapshot,
       transaction_timestamp() as made_at,
       current_setting('server_version_num')::int / 10000 as server,
       (select created_at from installation) as installation,
       array(select position from shard_counter order by shard) as positions

-- name: tables
select c.relname as name, row_security_active(c.oid) as filtered,
       row_security_active(c.oid) and not exists (
         select from pg_policy p
          where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('*', 'r')
            and pg_get_expr(p.polqual, p.polrelid) = 'true'
            and exists (select from unnest(p.polroles) as r(role)
                         where r.role = 0 or pg_has_role(r.role, 'usage'))) as hidden
  from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
 order by c.relname

-- name: owners
select p.oid::regprocedure::text as function, r.rolname as owner
  from pg_proc p join pg_roles r on r.oid = p.proowner
 where p.pronamespace = 'public'::regnamespace
   and r.rolname in ('cartbridge_engine', 'cartbridge_retention')
 order by 1

-- name: inhabitants
select (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public')
     + (select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname = 'public') as found,
       current_setting('server_version_num')::int / 10000 as server,
       current_setting('server_encoding') as encoding,
       current_database() as name

-- name: hand_over
select format('alter function %s owner to %I', to_regprocedure($1), $2::text)
 where to_regprocedure($1) is not null and $2::text in ('cartbridge_engine', 'cartbridge_retention')

-- name: see_transactions
-- As a migration does it where the roles are new; `cartbridge doctor` says whether it is missing.
do $$
begin
  if not pg_has_role('cartbridge_engine', 'pg_read_all_stats', 'member') then
    grant pg_read_all_stats to cartbridge_engine;
  end if;
exception when insufficient_privilege then
  raise notice 'idle transactions of other accounts stay unseen';
end $$
