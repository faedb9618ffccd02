with voices as (
    select batch, brand, own, coalesce(sum(mention_count), 0) as mentions, count(answer) as answers, n
    from counts cross join brands left join mentions using (batch, brand_no)
    group by batch, brand, own, n
)
select
    batch, brand, own,
    mentions, sum(mentions) over (partition by batch) as all_mentions,
    mentions / nullif(all_mentions, 0) as share_by_mentions,
    answers, sum(answers) over (partition by batch) as all_answers,
    answers / nullif(all_answers, 0) as share_by_answers,
    n, n < 20 as too_few
from voices
