-- Of a run in which nothing was observed, nothing is known to have changed.
with compared as (select previous.* from previous join counts using (batch) where n > 0),
sides as (
    select batch, what, value, k, 0 as k_before from compared join versions using (batch_id)
    union all
    select batch, what, value, 0, k from compared join versions on versions.batch_id = previous_batch_id
),
seen as (
    select batch, what, value, sum(k) as k, sum(k_before) as k_before
    from sides where what <> 'location_match' and value is not null group by all
),
changed as (
    select
        batch, what, string_agg(value, ', ' order by k_before desc, value) filter (k_before > 0) as before,
        string_agg(value, ', ' order by k desc, value) filter (k > 0) as after,
        coalesce(sum(k_before) filter (k = 0), 0) as k_before, coalesce(sum(k) filter (k_before = 0), 0) as k
    from seen group by batch, what having count(*) filter (least(k, k_before) = 0) > 0
),
places as (select batch_id, k from versions where value = 'mismatch'),
mismatched as (
    select
        batch, 'place_mismatch' as what, coalesce(earlier.k, 0) as k_before, coalesce(now.k, 0) as k,
        if(earlier.k > 0, 'mismatch', null) as before, if(now.k > 0, 'mismatch', null) as after
    from counts join batches using (batch) left join previous using (batch, batch_id)
    left join places as now using (batch_id)
    left join places as earlier on earlier.batch_id = previous_batch_id
    where counts.n > 0 and (now.k > 0 or earlier.k > 0)
)
select
    batch, previous_run, previous_batch_id, what, before, after,
    points.k_before, earlier.counted as n_before, points.k, now.counted as n
from (from changed union all by name from mismatched) as points
join batches using (batch) left join previous using (batch, batch_id)
join capture_health as now using (batch_id)
left join capture_health as earlier on earlier.batch_id = previous_batch_id
