with linked as (
    select
        batch, answer, page, count(*) filter (inline) as inline, count(*) filter (not inline) as more,
        count(inline) as links
    from links group by all
),
cited as (
    select
        batch, page, sum(inline) as inline, sum(more) as more, sum(links) as links,
        sum(sum(links)) over (partition by batch) as all_links,
        count(*) filter (inline > 0) as k_inline, count(*) filter (links = 0) as k_listed,
        count(*) filter (links > 0) as k
    from linked group by batch, page
)
select
    cited.*, url, domain, title, brand, links / nullif(all_links, 0) as share,
    n_links as n, unnest(rates(k, n_links))
from cited join counts using (batch) join pages using (page)
left join hosts using (host) left join brands using (brand_no)
