-- name: session_settings
select current_setting('synchronous_commit') as synchronous_commit,
       current_setting('server_version_num')::int as version,
       current_setting('server_encoding') as encoding,
       current_user as role,
       (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)
         as above_the_rules,
       array(select name from pg_settings
              where name in ('lock_timeout', 'statement_timeout',
                             'idle_in_transaction_session_timeout')
                and setting = '0') as unbounded
