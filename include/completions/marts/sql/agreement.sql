with kinds as (select unnest(['brand', 'domain', 'url']) as kind),
looked_at as (
    select kind, batch, prompt_no, answer from answers cross join kinds where kind = 'brand' or links_known
),
members as (
    select 'brand' as kind, batch, prompt_no, answer, brand_no::varchar as member from mentions
    union all
    select 'url', batch, prompt_no, answer, page::varchar from links where inline is not null group by all
    union all
    select 'domain', batch, prompt_no, answer, domain from links join pages using (page)
    where inline is not null and domain is not null group by all
),
sizes as (
    select kind, batch, prompt_no, answer, count(member) as size
    from looked_at left join members using (kind, batch, prompt_no, answer) group by all
),
shared as (
    select one.kind, one.answer, two.answer as other, count(*) as common
    from members as one join members as two using (kind, batch, prompt_no, member)
    where one.answer < two.answer group by all
),
pairs as (
    select
        one.kind, one.batch, one.prompt_no, coalesce(common, 0) as in_both, one.size + two.size - in_both as in_either,
        in_both = in_either as identical
    from sizes as one join sizes as two using (kind, batch, prompt_no)
    left join shared on shared.kind = one.kind and shared.answer = one.answer and other = two.answer
    where one.answer < two.answer
),
compared as (
    select
        batch, kind, count(distinct prompt_no) as prompts, count(in_both) as pairs,
        count(*) filter (identical) as identical, count(*) filter (in_either > 0) as pairs_compared,
        avg(in_both / nullif(in_either, 0)) as mean_jaccard
    from batches cross join kinds left join pairs using (batch, kind)
    group by batch, kind
)
select *, identical / nullif(pairs, 0) as identical_rate, pairs < 20 as too_few from compared
