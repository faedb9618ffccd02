"""What Perplexity's wire shows besides words: images, places, products, questions."""

from __future__ import annotations

import pytest

from completions.answer import Image
from sites.perplexity_shapes import (
    Json,
    answered,
    block,
    read,
    whole,
)


def test_images_are_those_of_the_media_and_no_videos() -> None:
    picture = {"medium": "image", "image": "https://img.example/a.jpg", "url": "https://a.example/", "name": "A"}
    alone = {"medium": "image", "url": "https://img.example/b.jpg"}
    video = {"medium": "video", "url": "https://v.example/", "image": "https://img.example/v.jpg"}
    shown = {"media_items": [picture, video, alone, picture, {"url": "x"}]}
    media = block("media_items", "media_block", shown)
    beside_text = block("ask_text", "markdown_block", {"answer": "A"} | shown)
    among = block("ask_text_0_images", "inline_entity_block", {"media_block": shown | {"generated_media_items": []}})
    assert read(stream=whole("A", among)).warnings == []
    assert (
        answered(whole("A", media)).images
        == answered(whole("A", beside_text)).images
        == answered(whole("A", among)).images
        == [
            Image(position=1, url="https://img.example/a.jpg", title="A", source_url="https://a.example/"),
            Image(position=2, url="https://img.example/b.jpg"),
        ]
    )
    assert answered(whole("A")).images == []


def test_places_and_products_are_read_where_their_shape_is_plain() -> None:
    inn = {"name": "Inn", "address": ["Way 1", "Ulm"], "rating": 4.5, "url": "https://inn.example/", "num_reviews": 7}
    lamp = {"title": "Lamp", "price": 9.5, "currency": "EUR", "merchant": "Shop", "link": "https://shop.example/lamp"}
    answer = answered(
        whole(
            "A",
            block("place_widgets", "maps_mode_block", {"places": [inn, inn]}),
            block("shopping_widgets", "shopping_mode_block", {"shopping_widgets": [{"products": [lamp]}]}),
        )
    )
    assert answer.places
    assert answer.products
    assert [(each.name, each.address, each.rating, each.url) for each in answer.places] == [
        ("Inn", "Way 1, Ulm", 4.5, "https://inn.example/")
    ]
    assert [(each.title, each.price_text, each.merchant, each.url) for each in answer.products] == [
        ("Lamp", "9.5 EUR", "Shop", "https://shop.example/lamp")
    ]


def test_a_block_that_is_not_read_is_named() -> None:
    blocks = [
        block("shopping_widgets", "shopping_block", {"things": [{"k": 1}]}),
        block("finance", "finance_block", {"rows": [1]}),
        block("empty", "jobs_mode_block", {"jobs_blocks": []}),
    ]
    seen = read(stream=whole("A", *blocks))
    assert seen.warnings == ["blocks of the wire that are not read: finance_block, shopping_block"]
    assert seen.answer
    assert (seen.answer.products, seen.answer.places) == (None, None)


@pytest.mark.parametrize(
    ("told", "blocks", "questions"),
    [
        ({"related_queries": ["Why?"]}, [], ["Why?"]),
        ({"related_query_items": [{"text": "Why?", "type": "DEFAULT"}]}, [], ["Why?"]),
        ({}, ["How?", {"text": "Why?"}], ["How?", "Why?"]),
        ({}, [], []),
        ({"async_rq_enabled": True}, [], None),
    ],
)
def test_follow_ups(told: Json, blocks: list[object], questions: list[str] | None) -> None:
    pending = block("pending_followups", "pending_followups_block", {"followups": blocks})
    assert answered(whole("A", pending, **told)).follow_up_questions == questions
