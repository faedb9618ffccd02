with places as (
    select
        batch, brand, own, count(answer) filter (rank = 1) as k, count(answer) as n,
        avg(rank) as mean_rank, median(rank) as median_rank, avg(depth) as mean_depth
    from batches cross join brands left join mentions using (batch, brand_no)
    group by batch, brand, own
)
select *, unnest(rates(k, n)) from places
