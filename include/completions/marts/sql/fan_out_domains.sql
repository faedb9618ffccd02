with spelt as (select batch, answer, unnest(words(query)) as word from searches),
searched as (select distinct batch, answer, word from spelt),
often as (select batch, word, count(*) as n from searched group by all having n > 1),
reached as (
    select batch, answer, domain from links join pages using (page) where domain is not null group by all
),
led as (
    select batch, word, domain, count(*) as k
    from searched join often using (batch, word) join reached using (batch, answer)
    group by all having k > 1
),
most as (from led qualify row_number() over (partition by batch, word order by k desc, domain) <= 20)
select batch, word, domain, brand, k, n, unnest(rates(k, n))
from most join often using (batch, word) left join brand_domains using (domain) left join brands using (brand_no)
