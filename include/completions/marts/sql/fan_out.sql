with searching as (select batch, answer, count(*) as queries from searches group by all)
select
    batch, count(queries) as k, count(answer) as n, unnest(rates(count(queries), count(answer))),
    coalesce(sum(queries), 0) as queries, sum(queries) / nullif(count(answer), 0) as mean_queries
from batches left join (from answers where searches_known) using (batch) left join searching using (batch, answer)
group by batch
