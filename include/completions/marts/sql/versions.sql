with seen as (
    select
        batch, unnest(['model_version', 'ui_variant', 'adapter_version', 'location_match']) as what,
        unnest([model_version, ui_variant, adapter_version, location_match]) as value
    from answers
)
select batch, what, value, count(*) as k, n, unnest(rates(count(*), n))
from seen join counts using (batch) group by batch, what, value, n
