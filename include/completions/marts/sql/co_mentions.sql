with together as (
    select batch, one.brand_no, two.brand_no as other_no, count(*) as k
    from mentions as one join mentions as two using (batch, answer)
    where one.brand_no <> two.brand_no group by all
),
alone as (
    select batch, brand_no, brand, own, count(answer) as n
    from batches cross join brands left join mentions using (batch, brand_no) group by all
)
select
    alone.batch, alone.brand, alone.own, others.brand as other, coalesce(k, 0) as k, n,
    unnest(rates(coalesce(k, 0), n))
from alone join brands as others on others.brand_no <> alone.brand_no
left join together
    on together.batch = alone.batch and together.brand_no = alone.brand_no and other_no = others.brand_no
