-- The dataset for Athena: put your bucket and prefix in place of BUCKET/PREFIX, and run the statements one by one.
-- Times are UTC. Days are found by partition projection, so new batches show at once; where date >= '2026-11-01' reads
-- no more than it must. For rehearsed answers: PREFIX/rehearsal, and other names for the tables.
-- Made from include/completions/columns.py and marts/columns.py by scripts/reference.py.

CREATE EXTERNAL TABLE `completions` (
  `answer_id` string,
  `batch_id` string,
  `prompt_index` bigint,
  `sample_index` bigint,
  `run_id` string,
  `prompt_id` string,
  `prompt` string,
  `model` string,
  `device_requested` string,
  `country_requested` string,
  `subdivision_requested` string,
  `city_requested` string,
  `language_requested` string,
  `display_requested` string,
  `client_ref` string,
  `audit` string,
  `format` string,
  `origin` string,
  `duplicate_of` bigint,
  `schema_version` bigint,
  `status` string,
  `observed` boolean,
  `outcome` string,
  `generation` bigint,
  `error_message` string,
  `warnings` array<string>,
  `attempts` bigint,
  `requested_at` timestamp,
  `started_at` timestamp,
  `first_token_at` timestamp,
  `answered_at` timestamp,
  `latency_ms` bigint,
  `from_cache` boolean,
  `cache_age_seconds` bigint,
  `cached_answer_id` string,
  `login_state` string,
  `device_used` string,
  `locale_used` string,
  `timezone_used` string,
  `location_method` string,
  `egress_country` string,
  `egress_subdivision` string,
  `egress_city` string,
  `egress_source` string,
  `site_location` string,
  `location_match` string,
  `ui_variant` string,
  `adapter_version` string,
  `bytes_received` bigint,
  `answer_text` string,
  `answer_markdown` string,
  `citations` array<struct<`position`:bigint,`role`:string,`pill`:bigint,`url`:string,`url_canonical`:string,`domain`:string,`title`:string,`snippet`:string,`site_name`:string,`published_at`:timestamp,`char_start`:bigint,`char_end`:bigint>>,
  `sources` array<struct<`position`:bigint,`url`:string,`url_canonical`:string,`domain`:string,`title`:string,`snippet`:string,`site_name`:string,`published_at`:timestamp,`cited`:boolean>>,
  `fan_out_queries` array<struct<`query`:string,`kind`:string,`order`:bigint>>,
  `follow_up_questions` array<string>,
  `products` array<struct<`position`:bigint,`title`:string,`url`:string,`price_text`:string,`merchant`:string,`rating`:double,`review_count`:bigint,`description`:string,`image_urls`:array<string>>>,
  `places` array<struct<`position`:bigint,`name`:string,`category`:string,`address`:string,`latitude`:double,`longitude`:double,`rating`:double,`url`:string>>,
  `images` array<struct<`position`:bigint,`url`:string,`title`:string,`source_url`:string>>,
  `ads` array<struct<`position`:bigint,`title`:string,`body`:string,`url`:string>>,
  `entities` array<struct<`name`:string,`category`:string,`char_start`:bigint,`char_end`:bigint>>,
  `model_version` string,
  `model_version_source` string,
  `web_search_triggered` boolean,
  `conversation_url` string,
  `answer_language` string,
  `answer_sha256` string
)
PARTITIONED BY (`date` string)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/datasets/completions/schema=v1/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.date.type' = 'date',
  'projection.date.format' = 'yyyy-MM-dd',
  'projection.date.range' = '2026-01-01,NOW',
  'storage.location.template' = 's3://BUCKET/PREFIX/datasets/completions/schema=v1/date=${date}/'
);

CREATE EXTERNAL TABLE `artifacts` (
  `answer_id` string,
  `batch_id` string,
  `prompt_index` bigint,
  `sample_index` bigint,
  `page_html` string,
  `page_html_sha256` string,
  `page_html_truncated` boolean,
  `prompt_html` string,
  `prompt_html_sha256` string,
  `prompt_html_truncated` boolean,
  `completion_html` string,
  `completion_html_sha256` string,
  `completion_html_truncated` boolean,
  `sources_html` string,
  `sources_html_sha256` string,
  `sources_html_truncated` boolean,
  `ads_html` string,
  `ads_html_sha256` string,
  `ads_html_truncated` boolean,
  `raw_stream` binary,
  `raw_stream_sha256` string,
  `raw_stream_truncated` boolean,
  `screenshot` binary,
  `screenshot_sha256` string,
  `screenshot_truncated` boolean,
  `page_copy` binary,
  `page_copy_sha256` string,
  `page_copy_truncated` boolean,
  `raw_stream_kind` string
)
PARTITIONED BY (`date` string)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/datasets/artifacts/schema=v1/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.date.type' = 'date',
  'projection.date.format' = 'yyyy-MM-dd',
  'projection.date.range' = '2026-01-01,NOW',
  'storage.location.template' = 's3://BUCKET/PREFIX/datasets/artifacts/schema=v1/date=${date}/'
);

CREATE EXTERNAL TABLE `health` (
  `site` string,
  `origin` string,
  `checked_at` timestamp,
  `healthy` boolean,
  `outcome` string,
  `failed` array<string>,
  `error_message` string,
  `tries` bigint,
  `adapter_version` string,
  `ui_variant` string,
  `latency_ms` bigint,
  `fields_filled` array<string>,
  `fields_empty` array<string>,
  `evidence` string,
  `schema_version` bigint
)
PARTITIONED BY (`date` string)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/datasets/health/schema=v1/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.date.type' = 'date',
  'projection.date.format' = 'yyyy-MM-dd',
  'projection.date.range' = '2026-01-01,NOW',
  'storage.location.template' = 's3://BUCKET/PREFIX/datasets/health/schema=v1/date=${date}/'
);

-- The marts of audits.

CREATE EXTERNAL TABLE `mart_mentions` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `answer_id` string,
  `prompt_id` string,
  `prompt` string,
  `sample_index` bigint,
  `brand` string,
  `own` boolean,
  `mention_count` bigint,
  `first_offset` bigint,
  `depth` double,
  `rank` bigint,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/mentions/schema=v1/';

CREATE EXTERNAL TABLE `mart_capture_health` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `planned` bigint,
  `missing` bigint,
  `answered` bigint,
  `refused` bigint,
  `no_answer` bigint,
  `failed` bigint,
  `cached` bigint,
  `duplicates` bigint,
  `counted` bigint,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `timed` bigint,
  `p50_ms` double,
  `p95_ms` double,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/capture_health/schema=v1/';

CREATE EXTERNAL TABLE `mart_capture_outcomes` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `outcome` string,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/capture_outcomes/schema=v1/';

CREATE EXTERNAL TABLE `mart_prompt_health` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `prompt_id` string,
  `prompt` string,
  `topic` string,
  `intent` string,
  `planned` bigint,
  `observed` bigint,
  `failed` bigint,
  `counted` bigint,
  `counted_links` bigint,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/prompt_health/schema=v1/';

CREATE EXTERNAL TABLE `mart_mention_rate` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `brand` string,
  `own` boolean,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/mention_rate/schema=v1/';

CREATE EXTERNAL TABLE `mart_share_of_voice` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `brand` string,
  `own` boolean,
  `mentions` bigint,
  `all_mentions` bigint,
  `share_by_mentions` double,
  `answers` bigint,
  `all_answers` bigint,
  `share_by_answers` double,
  `n` bigint,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/share_of_voice/schema=v1/';

CREATE EXTERNAL TABLE `mart_position` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `brand` string,
  `own` boolean,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mean_rank` double,
  `median_rank` double,
  `mean_depth` double,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/position/schema=v1/';

CREATE EXTERNAL TABLE `mart_citation_domains` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `domain` string,
  `brand` string,
  `inline` bigint,
  `more` bigint,
  `links` bigint,
  `all_links` bigint,
  `share` double,
  `k_inline` bigint,
  `k_listed` bigint,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/citation_domains/schema=v1/';

CREATE EXTERNAL TABLE `mart_citation_urls` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `url` string,
  `domain` string,
  `brand` string,
  `title` string,
  `inline` bigint,
  `more` bigint,
  `links` bigint,
  `all_links` bigint,
  `share` double,
  `k_inline` bigint,
  `k_listed` bigint,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/citation_urls/schema=v1/';

CREATE EXTERNAL TABLE `mart_prompt_citations` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `prompt_id` string,
  `prompt` string,
  `url` string,
  `domain` string,
  `brand` string,
  `links` bigint,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/prompt_citations/schema=v1/';

CREATE EXTERNAL TABLE `mart_mention_citation` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `brand` string,
  `own` boolean,
  `named_and_cited` bigint,
  `named_only` bigint,
  `cited_only` bigint,
  `neither` bigint,
  `n` bigint,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/mention_citation/schema=v1/';

CREATE EXTERNAL TABLE `mart_agreement` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `kind` string,
  `prompts` bigint,
  `pairs` bigint,
  `identical` bigint,
  `identical_rate` double,
  `pairs_compared` bigint,
  `mean_jaccard` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/agreement/schema=v1/';

CREATE EXTERNAL TABLE `mart_competitor_matrix` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `prompt_id` string,
  `prompt` string,
  `brand` string,
  `own` boolean,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mentions` bigint,
  `first` bigint,
  `others` bigint,
  `standing` string,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/competitor_matrix/schema=v1/';

CREATE EXTERNAL TABLE `mart_co_mentions` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `brand` string,
  `own` boolean,
  `other` string,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/co_mentions/schema=v1/';

CREATE EXTERNAL TABLE `mart_fan_out` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `queries` bigint,
  `mean_queries` double,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/fan_out/schema=v1/';

CREATE EXTERNAL TABLE `mart_fan_out_words` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `word` string,
  `change` string,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/fan_out_words/schema=v1/';

CREATE EXTERNAL TABLE `mart_fan_out_domains` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `word` string,
  `domain` string,
  `brand` string,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/fan_out_domains/schema=v1/';

CREATE EXTERNAL TABLE `mart_contrast` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `other_profile` string,
  `other_batch_id` string,
  `differs` string,
  `brand` string,
  `own` boolean,
  `in_both` bigint,
  `only_here` bigint,
  `only_there` bigint,
  `in_neither` bigint,
  `n` bigint,
  `rate` double,
  `other_rate` double,
  `difference` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/contrast/schema=v1/';

CREATE EXTERNAL TABLE `mart_product_shelf` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `product` string,
  `merchant` string,
  `brand` string,
  `cards` bigint,
  `all_cards` bigint,
  `share` double,
  `mean_position` double,
  `price_text` string,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/product_shelf/schema=v1/';

CREATE EXTERNAL TABLE `mart_ads` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `shown` bigint,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/ads/schema=v1/';

CREATE EXTERNAL TABLE `mart_versions` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `what` string,
  `value` string,
  `k` bigint,
  `n` bigint,
  `rate` double,
  `low` double,
  `high` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/versions/schema=v1/';

CREATE EXTERNAL TABLE `mart_volatility` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `previous_run` string,
  `previous_batch_id` string,
  `kind` string,
  `prompts` bigint,
  `compared` bigint,
  `kept` bigint,
  `gained` bigint,
  `lost` bigint,
  `mean_jaccard` double,
  `stability` double,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/volatility/schema=v1/';

CREATE EXTERNAL TABLE `mart_url_changes` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `previous_run` string,
  `previous_batch_id` string,
  `prompt_id` string,
  `prompt` string,
  `url` string,
  `domain` string,
  `brand` string,
  `change` string,
  `k_before` bigint,
  `n_before` bigint,
  `k` bigint,
  `n` bigint,
  `too_few` boolean,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/url_changes/schema=v1/';

CREATE EXTERNAL TABLE `mart_change_points` (
  `origin` string,
  `audit` string,
  `run` string,
  `run_at` timestamp,
  `model` string,
  `profile` string,
  `batch_id` string,
  `previous_run` string,
  `previous_batch_id` string,
  `what` string,
  `before` string,
  `after` string,
  `k_before` bigint,
  `n_before` bigint,
  `k` bigint,
  `n` bigint,
  `mart_version` bigint,
  `matching_version` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/marts/change_points/schema=v1/';
