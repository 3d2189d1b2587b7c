-- Law 1: what was read is accepted, quarantined or an exact duplicate; nothing else can have become of it.
select *
from {{ ops_source('loads') }}
where rows_read <> rows_accepted + rows_quarantined + rows_duplicate
