with linked as (
    select
        batch, answer, domain, count(*) filter (inline) as inline, count(*) filter (not inline) as more,
        count(inline) as links
    from links join pages using (page) group by all
),
cited as (
    select
        batch, domain, sum(inline) as inline, sum(more) as more, sum(links) as links,
        sum(sum(links)) over (partition by batch) as all_links,
        count(*) filter (inline > 0) as k_inline, count(*) filter (links = 0) as k_listed,
        count(*) filter (links > 0) as k
    from linked group by batch, domain
)
select
    cited.*, links / nullif(all_links, 0) as share, brand, n_links as n, unnest(rates(k, n_links))
from cited join counts using (batch)
left join brand_domains using (domain) left join brands using (brand_no)
