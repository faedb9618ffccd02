with watched as (
    select
        previous.*, now.prompt_id, now.prompt, now.counted_links as n, earlier.counted_links as n_before
    from previous join prompt_health as now using (batch_id)
    join prompt_health as earlier on earlier.batch_id = previous_batch_id and earlier.prompt_id = now.prompt_id
    where n > 0 and n_before > 0
),
sides as (
    select watched.batch_id, prompt_id, url, domain, brand, k, 0 as k_before
    from watched join prompt_citations as now using (batch_id, prompt_id)
    union all
    select watched.batch_id, earlier.prompt_id, url, domain, brand, 0, k
    from watched join prompt_citations as earlier
    on earlier.batch_id = previous_batch_id and earlier.prompt_id = watched.prompt_id
),
changed as (
    select
        batch_id, prompt_id, url, any_value(domain) as domain, any_value(brand) as brand,
        sum(k) as k, sum(k_before) as k_before
    from sides group by all having least(sum(k), sum(k_before)) = 0
)
select
    watched.batch, previous_run, previous_batch_id, prompt_id, prompt, url, domain, brand,
    if(k > 0, 'gained', 'lost') as change, k_before, n_before, k, n, least(n, n_before) < 20 as too_few
from changed join watched using (batch_id, prompt_id)
