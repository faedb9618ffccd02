select batch, brand, own, count(answer) as k, n, unnest(rates(count(answer), n))
from counts cross join brands left join mentions using (batch, brand_no)
group by batch, brand, own, n
