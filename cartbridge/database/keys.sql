-- name: person_keys
select p.subject, p.wrapped
  from unnest($2::smallint[], $3::uuid[]) as s(shard, subject)
 cross join lateral (
   select k.subject, k.wrapped from person_key k
    where k.shard = s.shard and k.tenant = $1 and k.subject = s.subject
   offset 0) p

-- name: create_person_key
insert into person_key (shard, tenant, subject, wrapped, epoch)
values ($1, $2, $3, $4, $5)
on conflict (shard, tenant, subject) do nothing

-- name: document_key
select wrapped, wrapped_by from document_key where shard = $1 and tenant = $2 and root = $3

-- name: rewrap_document_key
update document_key set wrapped = $5, wrapped_by = $6
 where shard = $1 and tenant = $2 and root = $3 and wrapped = $4
