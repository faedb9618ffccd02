with asked as (select batch, prompt_no, count(*) filter (counted) as n from captures group by all),
naming as (select batch, prompt_no, answer, count(*) as brands from mentions group by all),
named_any as (select batch, prompt_no, count(*) as answers from naming group by all),
named as (
    select
        batch, prompt_no, brand_no, any_value(n) as n, count(answer) as k,
        coalesce(sum(mention_count), 0) as mentions, count(answer) filter (rank = 1) as first
    from asked cross join brands left join mentions using (batch, prompt_no, brand_no)
    group by all
),
best as (select *, max(k) over place as top from named window place as (partition by batch, prompt_no)),
ranked as (select *, count(*) filter (k = top) over (partition by batch, prompt_no) as leaders from best)
select
    batch, prompt_id, prompt, brand, own, k, n, unnest(rates(k, n)), mentions, first,
    coalesce(answers, 0) - k as others,
    case
        when n = 0 then null when top = 0 then 'none' when k = 0 then 'lost'
        when k < top then 'trails' when leaders = 1 then 'leads' else 'ties'
    end as standing
from ranked join prompts using (prompt_no) join brands using (brand_no)
left join named_any using (batch, prompt_no)
