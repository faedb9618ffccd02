with ended as (
    select batch, outcome, count(*) as k from captures group by all
    union all
    select batch, 'missing', any_value(planned) - count(answer)
    from batches left join captures using (batch) group by batch
)
select batch, outcome, k, planned as n, unnest(rates(k, n))
from ended join batches using (batch) where k > 0
