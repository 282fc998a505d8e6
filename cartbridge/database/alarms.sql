-- name: claim
insert into open_alarm as a (shard, tenant, kind, subject, document) values ($1, $2, $3, $4, $5)
  on conflict (shard, tenant, kind, subject) do update set document = a.document
  returning document

-- name: find
select document from open_alarm where shard = $1 and tenant = $2 and kind = $3 and subject = $4

-- name: replace
update open_alarm set document = $6
 where shard = $1 and tenant = $2 and kind = $3 and subject = $4 and document = $5

-- name: drop
delete from open_alarm
 where shard = $1 and tenant = $2 and kind = $3 and subject = $4 and document = $5

-- name: open
select tenant, kind, subject, document from open_alarms($1)

-- name: conditions
select kind, tenant, connection, number, since from alarm_conditions($1, $2, $3)
