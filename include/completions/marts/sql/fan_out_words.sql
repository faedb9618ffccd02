with asked as (
    select batch, answer, any_value(words(prompt)) as asked, list_distinct(flatten(list(words(query)))) as searched
    from searches join prompts using (prompt_no) group by all
),
seen as (
    select batch, unnest(searched) as word, answer, list_contains(asked, word) as kept from asked
),
changed as (
    select batch, word, if(kept, 'kept', 'added') as change from seen
    union all
    select batch, unnest(list_filter(asked, lambda word: not list_contains(searched, word))), 'dropped' from asked
),
searching as (select batch, count(*) as n from asked group by batch)
select batch, word, change, count(*) as k, n, unnest(rates(count(*), n))
from changed join searching using (batch) group by batch, word, change, n
