select
    batch, count(*) filter (ads > 0) as k, count(answer) as n, unnest(rates(k, n)), coalesce(sum(ads), 0) as shown
from batches left join (from answers where ads_known) using (batch)
group by batch
