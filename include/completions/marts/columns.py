"""Every mart: what a row of it is, its columns, their types and what they mean. The SQL is in `sql/<name>.sql`."""

from __future__ import annotations

from completions.columns import TEXT, TRUTH, WHOLE, Column
from completions.marts.mart import BEFORE, BRAND, KIND, PROMPT, REAL, Mart, few, rate

_LINKS = (
    Column("inline", WHOLE, "Links to it that are shown in the text itself"),
    Column("more", WHOLE, "Links to it behind a `+N` of the text"),
    Column("links", WHOLE, "`inline` + `more`"),
    Column("all_links", WHOLE, "Links of all answers together"),
    Column("share", REAL, "Citation share: `links` / `all_links`"),
    Column("k_inline", WHOLE, "Answers that link to it in the text itself"),
    Column("k_listed", WHOLE, "Answers that list it among what was consulted, without linking to it in the text"),
    *rate("Answers that link to it, inline or more", "Answers of which is known what they link to"),
)
_DOMAIN = Column("domain", TEXT, "Registrable domain; of what has none, NULL", repeats=True)
_DOMAIN_BRAND = Column("brand", TEXT, "The brand whose domain it is", repeats=True)
_URL = (Column("url", TEXT, "Address without tracking parameters"), _DOMAIN, _DOMAIN_BRAND)
_COUNTED = "Answers counted: observed, neither cached nor duplicates"
_FAN_OUT = "Answers whose searches are known"

MARTS = (
    Mart(
        "capture_health",
        "what became of what was asked",
        (),
        (
            Column("planned", WHOLE, "Prompts x samples"),
            Column("missing", WHOLE, "Of them, those that the dataset has no row of: the batch broke, or is under way"),
            Column("answered", WHOLE, "Rows with an answer"),
            Column("refused", WHOLE, "Rows in which the site refused to answer"),
            Column("no_answer", WHOLE, "Rows in which the site said that it had none"),
            Column("failed", WHOLE, "Rows in which the site had no say: these never count as *not mentioned*"),
            Column("cached", WHOLE, "Rows answered from the cache: in no rate"),
            Column("duplicates", WHOLE, "Rows that repeat the answer of an equal prompt: in no rate"),
            Column("counted", WHOLE, f"{_COUNTED}: what the rates of the other marts are of"),
            *rate("`answered`", "`planned`"),
            Column("timed", WHOLE, "Answers whose time was taken"),
            Column("p50_ms", REAL, "Median time from prompt to complete answer", "ms"),
            Column("p95_ms", REAL, "95th percentile of it", "ms"),
        ),
    ),
    Mart(
        "capture_outcomes",
        "how often an outcome came up",
        ("outcome",),
        (
            Column("outcome", TEXT, "One of the dataset's, or `missing`", repeats=True),
            *rate("Rows that ended so", "Prompts x samples"),
        ),
    ),
    Mart(
        "prompt_health",
        "what became of a prompt",
        ("prompt_id",),
        (
            *PROMPT,
            Column("topic", TEXT, "What it is about, where the audit says so", repeats=True),
            Column("intent", TEXT, "What who asks it is after, where the audit says so", repeats=True),
            Column("planned", WHOLE, "Its rows"),
            Column("observed", WHOLE, "Rows in which the site had its say"),
            Column("failed", WHOLE, "Rows in which it had none"),
            Column("counted", WHOLE, _COUNTED),
            Column("counted_links", WHOLE, "Of them, those of which is known what they link to"),
        ),
    ),
    Mart(
        "mention_rate",
        "how often a brand is named",
        ("brand",),
        (*BRAND, *rate("Answers that name the brand", _COUNTED)),
    ),
    Mart(
        "share_of_voice",
        "a brand's part of what is said of all brands of the audit, in both ways that the field counts it",
        ("brand",),
        (
            *BRAND,
            Column("mentions", WHOLE, "How often it is named"),
            Column("all_mentions", WHOLE, "How often any of the brands is"),
            Column("share_by_mentions", REAL, "`mentions` / `all_mentions`; NULL where none is named"),
            Column("answers", WHOLE, "Answers that name it"),
            Column("all_answers", WHOLE, "The same of all brands, added up"),
            Column("share_by_answers", REAL, "`answers` / `all_answers`; NULL where none is named"),
            Column("n", WHOLE, _COUNTED),
            few("n"),
        ),
    ),
    Mart(
        "position",
        "where a brand stands in the answers that name it",
        ("brand",),
        (
            *BRAND,
            *rate("Answers that name it before any other of the brands", "Answers that name it"),
            Column("mean_rank", REAL, "Mean of its place among the brands that are named, 1 being first"),
            Column("median_rank", REAL, "Median of it"),
            Column("mean_depth", REAL, "Mean part of the text before it: 0 at its very start, 1 at its end"),
        ),
    ),
    Mart("citation_domains", "how often a domain is linked to", ("domain",), (_DOMAIN, _DOMAIN_BRAND, *_LINKS)),
    Mart(
        "citation_urls",
        "how often a page is linked to",
        ("url",),
        (*_URL, Column("title", TEXT, "A title that it was shown with"), *_LINKS),
    ),
    Mart(
        "prompt_citations",
        "how often a page is linked to in the answers to a prompt",
        ("prompt_id", "url"),
        (*PROMPT, *_URL, Column("links", WHOLE, "Links to it"), *rate("Answers that link to it", _LINKS[-5].meaning)),
    ),
    Mart(
        "mention_citation",
        "whether a brand is named, linked to, both or neither",
        ("brand",),
        (
            *BRAND,
            Column("named_and_cited", WHOLE, "Answers that name the brand and link to a domain of its"),
            Column("named_only", WHOLE, "Answers that name it and do not link to it"),
            Column("cited_only", WHOLE, "Answers that link to it and do not name it"),
            Column("neither", WHOLE, "Answers that do neither"),
            Column("n", WHOLE, "All four: answers of which is known what they link to"),
            few("n"),
        ),
    ),
    Mart(
        "agreement",
        "how far the samples of a prompt agree",
        ("kind",),
        (
            KIND,
            Column("prompts", WHOLE, "Prompts with two answers or more"),
            Column("pairs", WHOLE, "Pairs of answers to the same prompt"),
            Column("identical", WHOLE, "Pairs with the same set, empty ones included"),
            Column("identical_rate", REAL, "`identical` / `pairs`"),
            Column("pairs_compared", WHOLE, "Pairs of which at least one set is not empty"),
            Column("mean_jaccard", REAL, "Mean of common / all entries of both, over `pairs_compared`"),
            few("pairs"),
        ),
    ),
    Mart(
        "competitor_matrix",
        "how a brand does in the answers to a prompt",
        ("prompt_id", "brand"),
        (
            *PROMPT,
            *BRAND,
            *rate("Answers that name it", _COUNTED),
            Column("mentions", WHOLE, "How often it is named"),
            Column("first", WHOLE, "Answers that name it before any other of the brands"),
            Column("others", WHOLE, "Answers that name other brands and not this one"),
            Column(
                "standing",
                TEXT,
                "`leads`, named in more answers than any other; `ties`, in as many as the best other; `trails`; "
                "`lost`, not named while another is; `none`, no brand is named; NULL where `n` is 0",
                repeats=True,
            ),
        ),
    ),
    Mart(
        "co_mentions",
        "how often a brand is named with another",
        ("brand", "other"),
        (
            *BRAND,
            Column("other", TEXT, "Another brand", repeats=True),
            *rate("Answers that name both", "Answers that name `brand`"),
        ),
    ),
    Mart(
        "fan_out",
        "how often the assistant searches by itself",
        (),
        (
            *rate("Answers with a search", _FAN_OUT),
            Column("queries", WHOLE, "Searches together"),
            Column("mean_queries", REAL, "`queries` / `n`"),
        ),
    ),
    Mart(
        "fan_out_words",
        "how often a word is searched for",
        ("word", "change"),
        (
            Column("word", TEXT, "In small letters"),
            Column("change", TEXT, "`kept` of the prompt; `added`; or `dropped`: in the prompt, and not searched for"),
            *rate("Answers with such a word", "Answers with a search"),
        ),
    ),
    Mart(
        "fan_out_domains",
        "which domains a searched word leads to",
        ("word", "domain"),
        (
            Column(
                "word",
                TEXT,
                "In small letters; only of two answers or more, each with the 20 domains that it leads to most",
            ),
            _DOMAIN,
            _DOMAIN_BRAND,
            *rate("Answers that searched for it and link to or list the domain", "Answers that searched for it"),
        ),
    ),
    Mart(
        "contrast",
        "how often a brand is named to one profile and to another, over pairs of the same prompt and sample",
        ("other_batch_id", "brand"),
        (
            Column("other_profile", TEXT, "The profile that `profile` is compared with", repeats=True),
            Column("other_batch_id", TEXT, "Its batch", repeats=True),
            Column(
                "differs", TEXT, "What sets them apart: `place`, `device`, `language`, joined by ` + `", repeats=True
            ),
            *BRAND,
            Column("in_both", WHOLE, "Pairs in which both answers name it"),
            Column("only_here", WHOLE, "Pairs in which only that to `profile` does"),
            Column("only_there", WHOLE, "Pairs in which only that to `other_profile` does"),
            Column("in_neither", WHOLE, "Pairs in which none does"),
            Column("n", WHOLE, "Pairs: both answers counted"),
            Column("rate", REAL, "(`in_both` + `only_here`) / `n`"),
            Column("other_rate", REAL, "(`in_both` + `only_there`) / `n`"),
            Column("difference", REAL, "`other_rate` - `rate`"),
            few("n"),
        ),
    ),
    Mart(
        "product_shelf",
        "how often a product card is shown",
        ("product", "merchant"),
        (
            Column("product", TEXT, "Title of the card"),
            Column("merchant", TEXT, "Who sells it"),
            Column("brand", TEXT, "The brand that the title names first", repeats=True),
            Column("cards", WHOLE, "Its cards"),
            Column("all_cards", WHOLE, "All cards"),
            Column("share", REAL, "`cards` / `all_cards`"),
            Column("mean_position", REAL, "Mean of its place among the cards of an answer"),
            Column("price_text", TEXT, "The price that was shown most often, as written"),
            *rate("Answers that show it", "Answers of which is known which cards they show"),
        ),
    ),
    Mart(
        "ads",
        "how often ads are shown",
        (),
        (
            *rate("Answers with an ad", "Answers of which is known whether they show any"),
            Column("shown", WHOLE, "Ads together"),
        ),
    ),
    Mart(
        "versions",
        "which versions and places answered",
        ("what", "value"),
        (
            Column("what", TEXT, "`model_version`, `ui_variant`, `adapter_version` or `location_match`", repeats=True),
            Column("value", TEXT, "Its value; NULL: the site does not show it", repeats=True),
            *rate("Answers with this value", _COUNTED),
        ),
    ),
    Mart(
        "volatility",
        "how far a run and the one before agree",
        ("kind",),
        (
            *BEFORE,
            KIND,
            Column("prompts", WHOLE, "Prompts that were observed in both runs"),
            Column("compared", WHOLE, "Of them, those with an entry in at least one of the runs"),
            Column("kept", WHOLE, "Entries of a prompt that are in both runs, added up"),
            Column("gained", WHOLE, "Entries that are only in this one"),
            Column("lost", WHOLE, "Entries that are only in the one before"),
            Column("mean_jaccard", REAL, "Mean of kept / (kept + gained + lost) over the prompts compared"),
            Column("stability", REAL, "Mean, over the same, of what the shares of all entries have in common, 0 to 1"),
            few("compared"),
        ),
        history=True,
    ),
    Mart(
        "url_changes",
        "a page that a prompt gained or lost since the run before",
        ("prompt_id", "url"),
        (
            *BEFORE,
            *PROMPT,
            *_URL,
            Column("change", TEXT, "`gained` or `lost`", repeats=True),
            Column("k_before", WHOLE, "Answers that linked to it then"),
            Column("n_before", WHOLE, "Of how many"),
            Column("k", WHOLE, "Answers that link to it now"),
            Column("n", WHOLE, "Of how many"),
            Column("too_few", TRUTH, "Whether `n` or `n_before` is under 20: it may be chance"),
        ),
        history=True,
    ),
    Mart(
        "change_points",
        "something besides the answers that changed since the run before",
        ("what",),
        (
            *BEFORE,
            Column("what", TEXT, "`model_version`, `ui_variant`, `adapter_version` or `place_mismatch`", repeats=True),
            Column("before", TEXT, "The values of the run before, the most frequent first; NULL: none was shown"),
            Column("after", TEXT, "The values of this run"),
            Column("k_before", WHOLE, "Answers of then whose value is not seen now; of mismatches: their number then"),
            Column("n_before", WHOLE, "Answers counted then"),
            Column("k", WHOLE, "Answers whose value was not seen then; of mismatches: their number now"),
            Column("n", WHOLE, "Answers counted now"),
        ),
        history=True,
    ),
)
"""In the order in which they are made: those that compare runs read what the others wrote."""

MENTIONS = Mart(
    "mentions",
    "a brand that an answer names",
    ("answer_id", "brand"),
    (
        Column("answer_id", TEXT, "The answer, as in `completions`"),
        *PROMPT,
        Column("sample_index", WHOLE, "Which asking of the prompt it is", "from 0"),
        *BRAND,
        Column("mention_count", WHOLE, "How often it names the brand"),
        Column("first_offset", WHOLE, "Where it does first, in `answer_text`", "characters"),
        Column("depth", REAL, "The part of the text before that"),
        Column("rank", WHOLE, "The brand's place among those that the answer names, 1 being first"),
    ),
)
"""What the marts about brands are made from; kept beside them."""

TABLES = {one.name: one for one in (MENTIONS, *MARTS)}
"""All that is kept, by name."""
