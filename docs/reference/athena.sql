-- The dataset for Athena: put your bucket and prefix in place of BUCKET/PREFIX, and run the statements one by one.
-- Times are UTC. Days are found by partition projection, so new batches show at once; where date >= '2026-11-01' reads
-- no more than it must. For rehearsed answers: PREFIX/rehearsal, and other names for the tables.
-- Made from include/completions/columns.py by scripts/reference.py.

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
