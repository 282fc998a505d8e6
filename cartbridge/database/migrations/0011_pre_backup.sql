-- Row level security is forced, so that it binds the owner, too: a backup by an owner who is no
-- administrator sees the rows that cartbridge_engine sees, whose member he is.
do $$
declare
  name text;
begin
  foreach name in array array['item', 'item_code', 'item_list'] loop
    execute format(
      'create policy all_rows on %I for select to cartbridge_engine using (true)', name);
  end loop;
end $$;
