-- name: append_commands
select statuses, positions
  from append_commands($1::command_in[], $2::stream_in[], $3::event_in[], $4::view_in[],
                       $5::key_in[], $6::lease_in[], $7::outbox_in[], $8::mark_in[])
