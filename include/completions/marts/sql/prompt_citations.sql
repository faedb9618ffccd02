with cited as (
    select batch, prompt_no, page, count(*) as links, count(distinct answer) as k
    from links where inline is not null group by all
),
known as (select batch, prompt_no, count(*) as n from answers where links_known group by all)
select batch, prompt_id, prompt, url, domain, brand, links, k, n, unnest(rates(k, n))
from cited join known using (batch, prompt_no) join prompts using (prompt_no) join pages using (page)
left join hosts using (host) left join brands using (brand_no)
