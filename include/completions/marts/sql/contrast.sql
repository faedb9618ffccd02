with compared as (
    select
        one.batch, two.batch as other, two.profile as other_profile, two.batch_id as other_batch_id,
        nullif(concat_ws(
            ' + ',
            if(one.place <> two.place, 'place', null),
            if(one.device <> two.device, 'device', null),
            if(one.language <> two.language, 'language', null)
        ), '') as differs
    from batches as one join batches as two on one.model = two.model and one.batch < two.batch
),
pairs as (
    select compared.batch, other, one.answer, two.answer as other_answer
    from compared join answers as one on one.batch = compared.batch
    join answers as two
        on two.batch = other and two.prompt_index = one.prompt_index and two.sample_index = one.sample_index
        and two.prompt_no = one.prompt_no
),
named as (
    select
        pairs.batch, other, brands.brand_no, one.answer is not null as here, two.answer is not null as there
    from pairs cross join brands
    left join mentions as one on one.answer = pairs.answer and one.brand_no = brands.brand_no
    left join mentions as two on two.answer = other_answer and two.brand_no = brands.brand_no
),
counted as (
    select
        batch, other_profile, other_batch_id, differs, brand, own,
        count(*) filter (here and there) as in_both, count(*) filter (here and not there) as only_here,
        count(*) filter (there and not here) as only_there, count(here) as n
    from compared cross join brands left join named using (batch, other, brand_no)
    group by all
)
select
    *, n - in_both - only_here - only_there as in_neither, (in_both + only_here) / nullif(n, 0) as rate,
    (in_both + only_there) / nullif(n, 0) as other_rate, (only_there - only_here) / nullif(n, 0) as difference,
    n < 20 as too_few
from counted
