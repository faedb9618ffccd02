with shelves as (select batch, count(*) as n from answers where cards_known group by batch),
shelf as (
    select
        batch, product, merchant, count(*) as cards, sum(count(*)) over (partition by batch) as all_cards,
        avg(position) as mean_position, mode(price_text order by price_text) as price_text, count(distinct answer) as k
    from cards group by batch, product, merchant
)
select shelf.*, brand, cards / all_cards as share, n, unnest(rates(k, n))
from shelf join shelves using (batch) left join titles using (product) left join brands using (brand_no)
