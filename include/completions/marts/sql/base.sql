-- What every mart is made from. Put here before: the view `completions` with the rows of a run's batches, and the
-- tables `given` (batch: its number; the keys of every mart; versions; planned), `topics` (prompt_id), `brands` and
-- `brand_domains` (brand_no).
-- Numbers stand for texts, as they are joined often; `batch` stands for one model as one profile in one run.

-- The Wilson 95 % interval: Wilson, E. B. (1927), JASA 22:209.
create macro z() as 1.959963984540054;
create macro wilson_middle(k, n) as (k + z() * z() / 2) / (n + z() * z());
create macro wilson_half(k, n) as z() * sqrt(k * (n - k) / n + z() * z() / 4) / (n + z() * z());
create macro rates(k, n) as {
    'rate': k / nullif(n, 0),
    'low': case when n = 0 then null when k = 0 then 0 else wilson_middle(k, n) - wilson_half(k, n) end,
    'high': case when n = 0 then null when k = n then 1 else wilson_middle(k, n) + wilson_half(k, n) end,
    'too_few': n < 20
};
create macro words(text) as list_distinct(regexp_extract_all(lower(text), '[\p{L}\p{M}\p{N}]+'));

-- The rows; what their paths add is left out, for here a batch is a number.
create view told as select * exclude (batch, date, schema) from completions;

-- Who asked, as far as there are rows to tell; '' is nothing in particular.
create table batches as
select
    given.*, any_value(coalesce(device_requested, '')) as device,
    any_value(concat_ws(', ', country_requested, subdivision_requested, city_requested)) as place,
    any_value(concat_ws(', ', language_requested, display_requested)) as language
from given left join told using (batch_id, origin) group by all;

create view keys as
select batch, origin, audit, run, run_at, model, profile, batch_id, mart_version, matching_version from batches;

create table prompts as
select row_number() over (order by prompt_id) as prompt_no, prompt_id, any_value(prompt) as prompt
from told group by prompt_id;

-- Every row: failures, cached ones and duplicates too.
create table captures as
select
    row_number() over () as answer, batch, prompt_no, answer_id, prompt_index, sample_index, outcome, observed,
    from_cache, duplicate_of is not null as duplicate,
    observed and not from_cache and duplicate_of is null as counted,
    latency_ms, model_version, ui_variant, adapter_version, location_match,
    answer_sha256, length(answer_text) as chars,
    outcome <> 'answered' or citations is not null as links_known,
    fan_out_queries is not null as searches_known, products is not null as cards_known,
    ads is not null as ads_known, len(ads) as ads
from told join batches using (batch_id, origin) join prompts using (prompt_id);

-- What counts: the site had its say, now and to this prompt.
create table answers as
select *, min(answer) over (partition by answer_sha256) as text from captures where counted;

-- How many answers count in a batch, and of how many the links are known: 0 where it was not captured.
create table counts as
select batch, count(answer) as n, count(answer) filter (links_known) as n_links
from batches left join answers using (batch) group by batch;

create table shown as
select answer, batch, prompt_no, link.url_canonical as url, link.domain, link.title, link.role = 'inline' as inline
from (select answer_id, unnest(citations) as link from told) join answers using (answer_id)
union all by name
select answer, batch, prompt_no, page.url_canonical as url, page.domain, page.title
from (select answer_id, unnest(sources) as page from told) join answers using (answer_id);

create table pages as
select
    row_number() over (order by url) as page, url, min(domain) as domain, min(title) as title,
    lower(regexp_extract(url, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)', 1)) as host
from shown group by url;

-- A host is of the brand with the longest domain that it is or lies below.
create table hosts as
select host, arg_max(brand_no, length(own.domain)) as brand_no
from (select distinct host from pages)
join brand_domains as own on host = own.domain or ends_with(host, '.' || own.domain)
group by host;

-- Links in the text, and pages that are only listed as consulted (`inline` is null).
create table links as select answer, batch, prompt_no, page, inline from shown join pages using (url);
drop table shown;

create table searches as
select answer, batch, prompt_no, search.query as query
from (select answer_id, unnest(fan_out_queries) as search from told) join answers using (answer_id);

create table cards as
select answer, batch, card.title as product, card.merchant, card.position, card.price_text
from (select answer_id, unnest(products) as card from told) join answers using (answer_id);
