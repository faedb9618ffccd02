-- Reads what other marts say of this run and of those before: they are at hand by their names.
with kinds as (select unnest(['brand', 'domain', 'url']) as kind),
watched as (
    select batch, batch_id, previous_batch_id, kind, now.prompt_id
    from previous join prompt_health as now using (batch_id)
    join prompt_health as earlier on earlier.batch_id = previous_batch_id and earlier.prompt_id = now.prompt_id
    cross join kinds
    where if(kind = 'brand', least(now.counted, earlier.counted), least(now.counted_links, earlier.counted_links)) > 0
),
entries as (
    select 'brand' as kind, batch_id, prompt_id, brand as entry, mentions as weight from competitor_matrix
    union all
    select 'url', batch_id, prompt_id, url, links from prompt_citations
    union all
    select 'domain', batch_id, prompt_id, domain, sum(links)
    from prompt_citations where domain is not null group by all
),
-- Brands that only one of the runs looked for are none that came or went.
alike as (
    select previous.batch_id, now.brand
    from previous join mention_rate as now using (batch_id)
    join mention_rate as earlier on earlier.batch_id = previous_batch_id and earlier.brand = now.brand
),
sides as (
    select batch, watched.batch_id, kind, prompt_id, entry, weight as now, 0 as earlier
    from watched join entries using (kind, batch_id, prompt_id) where weight > 0
    union all
    select batch, watched.batch_id, kind, prompt_id, entry, 0, weight
    from watched join (select * rename (batch_id as previous_batch_id) from entries)
    using (kind, previous_batch_id, prompt_id) where weight > 0
),
both_sides as (
    select batch, batch_id, kind, prompt_id, entry, sum(now) as now, sum(earlier) as earlier from sides group by all
),
shares as (
    select *, now / sum(now) over prompt as share, earlier / sum(earlier) over prompt as earlier_share
    from both_sides left join alike on alike.batch_id = both_sides.batch_id and alike.brand = entry
    where kind <> 'brand' or alike.brand is not null
    window prompt as (partition by batch, kind, prompt_id)
),
moves as (
    select
        batch, kind, prompt_id, count(*) filter (now > 0 and earlier > 0) as kept,
        count(*) filter (earlier = 0) as gained, count(*) filter (now = 0) as lost,
        coalesce(sum(least(share, earlier_share)) filter (now > 0 and earlier > 0), 0) as common
    from shares group by all
)
select
    batch, previous_run, previous_batch_id, kind, count(watched.prompt_id) as prompts, count(moves.kept) as compared,
    coalesce(sum(moves.kept), 0) as kept, coalesce(sum(moves.gained), 0) as gained,
    coalesce(sum(moves.lost), 0) as lost,
    avg(moves.kept / (moves.kept + moves.gained + moves.lost)) as mean_jaccard, avg(common) as stability,
    count(moves.kept) < 20 as too_few
from previous cross join kinds left join watched using (batch, batch_id, previous_batch_id, kind)
left join moves using (batch, kind, prompt_id)
group by batch, previous_run, previous_batch_id, kind
