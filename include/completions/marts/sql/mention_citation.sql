with named as (
    select batch, answer, brand_no, true as named from mentions join answers using (batch, answer) where links_known
),
cited as (
    select distinct batch, answer, brand_no, true as cited
    from links join pages using (page) join hosts using (host) where inline is not null
),
seen as (select batch, brand_no, named, cited from named full join cited using (batch, answer, brand_no)),
counted as (
    select
        batch, brand, own, n_links as n,
        count(*) filter (named and cited) as named_and_cited,
        count(*) filter (named and cited is null) as named_only,
        count(*) filter (cited and named is null) as cited_only
    from counts cross join brands left join seen using (batch, brand_no)
    group by batch, brand, own, n_links
)
select *, n - named_and_cited - named_only - cited_only as neither, n < 20 as too_few from counted
