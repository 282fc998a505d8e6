-- The three roles. They belong to the whole server, so several databases may make them at once.
--   cartbridge_app        what the gateway works as: reads under row level security
--   cartbridge_engine     owns the functions that append; nobody logs in as it
--   cartbridge_retention  owns the functions that remove ended documents; nobody logs in as it
do $$
declare
  wanted text;
  -- From 16 on, who makes a role is its member and yet may not work as it.
  enough text := case when current_setting('server_version_num')::int < 160000
                      then 'member' else 'set' end;
begin
  if current_setting('server_version_num')::int < 150000 then
    raise exception 'CartBridge needs PostgreSQL 15 or newer, this is %',
      current_setting('server_version')
      using hint = 'Point DATABASE_URL at a newer server, or leave it out to use the embedded one.';
  end if;
  foreach wanted in array array['cartbridge_app', 'cartbridge_engine', 'cartbridge_retention'] loop
    begin
      if not exists (select from pg_roles where rolname = wanted) then
        execute format('create role %I nologin', wanted);
      end if;
    exception when duplicate_object or unique_violation then
      null;  -- another database of this server made it in the same moment
    end;
    begin
      if not pg_has_role(current_user, wanted, enough) then
        execute format('grant %I to %I', wanted, current_user);
      end if;
    exception
      when unique_violation then
        null;
      when insufficient_privilege then
        raise exception 'the account % may not use the role %', current_user, wanted
          using hint = format('As an administrator run: grant cartbridge_app, cartbridge_engine, '
                              'cartbridge_retention to %I;', current_user);
    end;
  end loop;
end $$;

grant usage on schema public to cartbridge_app, cartbridge_engine, cartbridge_retention;
