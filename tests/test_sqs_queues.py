"""Which queue an ARN or a queue URL names, and what its owner must grant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completions.errors import Refused
from completions.sqs import Queue, parse_queue, policy_statement

ACCOUNT = "123456789012"

QUEUES = [
    # ARN, its URL
    ("arn:aws:sqs:eu-west-1:123456789012:done", "https://sqs.eu-west-1.amazonaws.com/123456789012/done"),
    (
        "arn:aws:sqs:us-east-1:123456789012:d-o_n-e.fifo",
        "https://sqs.us-east-1.amazonaws.com/123456789012/d-o_n-e.fifo",
    ),
    ("arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q", "https://sqs.us-gov-west-1.amazonaws.com/123456789012/q"),
    ("arn:aws-cn:sqs:cn-north-1:123456789012:q", "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q"),
    ("arn:aws-iso:sqs:us-iso-east-1:123456789012:q", "https://sqs.us-iso-east-1.c2s.ic.gov/123456789012/q"),
    ("arn:aws-iso-b:sqs:us-isob-east-1:123456789012:q", "https://sqs.us-isob-east-1.sc2s.sgov.gov/123456789012/q"),
    ("arn:aws-eusc:sqs:eusc-de-east-1:123456789012:q", "https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/q"),
    (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{'q' * 80}", f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/{'q' * 80}"),
    (
        f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{'q' * 75}.fifo",
        f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/{'q' * 75}.fifo",
    ),
]


@pytest.mark.parametrize(("arn", "url"), QUEUES)
def test_an_arn_and_its_url_name_the_same_queue(arn: str, url: str) -> None:
    queue = parse_queue(arn)
    assert queue == parse_queue(url)
    assert queue
    _, partition, _, region, account, name = arn.split(":")
    assert queue == Queue(url, region, account, name, partition)
    assert (queue.arn, queue.fifo) == (arn, arn.endswith(".fifo"))


OTHER_HOSTS = [
    "https://SQS.EU-WEST-1.amazonaws.com/123456789012/q",
    "https://sqs.eu-west-1.amazonaws.com/123456789012/q/",
    "https://eu-west-1.queue.amazonaws.com/123456789012/q",
    "https://sqs-fips.eu-west-1.amazonaws.com/123456789012/q",
    "https://sqs.eu-west-1.api.aws/123456789012/q",
    "https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com/123456789012/q",
]


@pytest.mark.parametrize("url", OTHER_HOSTS)
def test_other_spellings_of_a_host_are_the_same_queue(url: str) -> None:
    assert parse_queue(url) == parse_queue("arn:aws:sqs:eu-west-1:123456789012:q")


def test_the_first_host_of_all_is_in_us_east_1() -> None:
    assert parse_queue("https://queue.amazonaws.com/123456789012/q") == parse_queue(
        "arn:aws:sqs:us-east-1:123456789012:q"
    )


REFUSED = [
    "arn:aws:sqs:eu-west-1:123456789012:",
    "arn:aws:sqs:eu-west-1:12345678901:q",
    "arn:aws:sqs:eu-west-1:\N{FULLWIDTH DIGIT ONE}23456789012:q",
    "arn:aws:sqs::123456789012:q",
    "arn:aws:sqs:cn-north-1:123456789012:q",
    "arn:aws-cn:sqs:eu-west-1:123456789012:q",
    "arn:aws-mars:sqs:eu-west-1:123456789012:q",
    "arn:aws:sns:eu-west-1:123456789012:q",
    "arn:aws:sqs:eu-west-1:123456789012:q.fifo.fifo",
    "arn:aws:sqs:eu-west-1:123456789012:q/../r",
    f"arn:aws:sqs:eu-west-1:123456789012:{'q' * 81}",
    f"arn:aws:sqs:eu-west-1:123456789012:{'q' * 76}.fifo",
    "arn:aws:sqs:eu-west-1:123456789012:q\n",
    "arn:aws:sqs:eu-west-1.evil.example/:123456789012:q",
    "ARN:aws:sqs:eu-west-1:123456789012:q",
    "arn:",
    "https://sqs.us-east-1.amazonaws.com.evil.example/123456789012/q",
    "https://sqs.us-east-1.amazonaws.com:443@evil.example/123456789012/q",
    "https://sqs.us-east-1.amazonaws.com:8443/123456789012/q",
    "https://sqs.us-east-1.amazonaws.com./123456789012/q",
    "https://user@sqs.us-east-1.amazonaws.com/123456789012/q",
    "https://evil.example.sqs.us-east-1.amazonaws.com/123456789012/q",
    "https://queue.amazonaws.com.evil.example/123456789012/q",
    "https://sqs.us-east-1.api.aws.evil.example/123456789012/q",
    "https://evil.queue.amazonaws.com/123456789012/q",
    "https://sqs.mars-1.amazonaws.com/123456789012/q",
    "https://sqs.us-east-1.amazonaws.com.cn/123456789012/q",
    "https://sqs.cn-north-1.amazonaws.com/123456789012/q",
    "https://sqs.us-east-1.amazonaws.com/123456789012/q?Action=DeleteQueue",
    "https://sqs.us-east-1.amazonaws.com/123456789012/../q",
    "https://sqs.us-east-1.amazonaws.com/123456789012/q#x",
    "https://sqs.us-east-1.amazonaws.com/q",
    "https://sqs.us-east-1.amazonaws.com",
    "http://sqs.us-east-1.amazonaws.com/123456789012/q",
]


@pytest.mark.parametrize("target", REFUSED)
def test_malformed_queues_and_look_alikes_are_refused(target: str) -> None:
    with pytest.raises(Refused, match=r"^callback .*: give the queue") as refusal:
        parse_queue(target)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "target",
    [
        "https://example.com/123456789012/q",
        "https://queue.example.com/hook",
        "https://sqs.example.com/123456789012/q",
        "https://a1b2.execute-api.us-east-1.amazonaws.com/prod/hook",
        "https://a1b2.lambda-url.us-east-1.on.aws/",
        "https://[::1",
        "redis",
        "",
    ],
)
def test_anything_else_is_no_queue(target: str) -> None:
    assert parse_queue(target) is None


ENDPOINT = "http://127.0.0.1:4566"


@pytest.mark.parametrize("endpoint", [ENDPOINT, ENDPOINT + "/", "HTTP://127.0.0.1:4566"])
def test_an_operators_endpoint_has_queues_too(endpoint: str) -> None:
    queue = parse_queue(f"{ENDPOINT}/{ACCOUNT}/done.fifo", endpoint=endpoint)
    assert queue == Queue(f"{ENDPOINT}/{ACCOUNT}/done.fifo", None, ACCOUNT, "done.fifo", "aws")
    assert queue.fifo
    assert queue.arn == f"arn:aws:sqs:*:{ACCOUNT}:done.fifo"
    assert parse_queue("arn:aws:sqs:eu-west-1:123456789012:q", endpoint=endpoint) == parse_queue(
        QUEUES[0][0][:-4] + "q"
    )


@pytest.mark.parametrize(
    "target",
    [
        f"{ENDPOINT}/hook",
        f"{ENDPOINT}0/{ACCOUNT}/q",
        f"https://127.0.0.1:4566/{ACCOUNT}/q",
        f"{ENDPOINT}@x/{ACCOUNT}/q",
    ],
)
def test_but_only_there(target: str) -> None:
    assert parse_queue(target, endpoint=ENDPOINT) is None
    assert parse_queue(f"{ENDPOINT}/{ACCOUNT}/q") is None


PARTS = st.sampled_from(
    [
        "arn",
        "aws",
        "aws-cn",
        "sqs",
        "sqs-fips",
        "queue",
        "us-east-1",
        "cn-north-1",
        "amazonaws",
        "com",
        "cn",
        "api",
        "123456789012",
        "q",
        ".fifo",
        "evil.example",
        "https://",
        "http://",
        ".",
        ":",
        "/",
        "@",
        "?",
        "#",
        "\\",
        "\n",
    ]
)

ARNS = st.builds(
    "arn:{}:sqs:{}:{}:{}".format,
    st.sampled_from(["aws", "aws-cn"]),
    st.sampled_from(["eu-west-1", "cn-north-1", "ap-southeast-99"]),
    st.from_regex(r"[0-9]{11,13}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_-]{1,81}(\.fifo)?", fullmatch=True),
)


@given(st.text() | ARNS | st.lists(PARTS, max_size=14).map("".join))
def test_only_refusals_are_raised_and_queues_are_at_aws(target: str) -> None:
    try:
        queue = parse_queue(target)
    except Refused:
        return
    if queue:
        assert re.fullmatch(
            r"https://sqs\.[a-z0-9_-]+\.(amazonaws\.com(\.cn)?|[a-z0-9.-]+)/[0-9]{12}/[\w-]+(\.fifo)?", queue.url
        )
        assert parse_queue(queue.arn) == queue == parse_queue(queue.url)


@pytest.mark.parametrize(
    ("identity", "principal"),
    [
        ("arn:aws:iam::210987654321:user/airflow", "arn:aws:iam::210987654321:user/airflow"),
        ("arn:aws:sts::210987654321:assumed-role/airflow/worker-7", "arn:aws:iam::210987654321:role/airflow"),
        ("arn:aws-cn:sts::210987654321:assumed-role/airflow/i-1", "arn:aws-cn:iam::210987654321:role/airflow"),
    ],
)
def test_the_policy_grants_sending_and_no_more(identity: str, principal: str) -> None:
    queue = parse_queue("arn:aws:sqs:eu-west-1:123456789012:done")
    assert queue
    assert policy_statement(queue, identity) == {
        "Sid": "BatchCompletions",
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:eu-west-1:123456789012:done",
    }
