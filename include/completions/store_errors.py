"""What a folder or S3 answered, as a person would say it.

S3's error codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (2026-11). The client (obstore
0.12) hands them on inside its message, and tells time-outs and connections only in the part after `Debug source`.
"""

from __future__ import annotations

import errno
import os
import re
from urllib.parse import urlsplit

_REGION = "the bucket is in another region: set region_name in the connection aws_default"
_DENIED = "access denied: these credentials may not do that here"
_FULL = "the store is full"
_EXPIRED = "the credentials have expired"
_BUSY = "the store is overloaded and asks to go slower"

_CODES = {
    "NoSuchBucket": "there is no such bucket",
    "NoSuchKey": "it is not there",
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "AccountProblem": _DENIED,
    "InvalidAccessKeyId": "the access key is not known there: see the connection aws_default",
    "SignatureDoesNotMatch": "the secret key is wrong: see the connection aws_default",
    "ExpiredToken": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "InvalidToken": "the session token is wrong: see the connection aws_default",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "PermanentRedirect": _REGION,
    "SlowDown": _BUSY,
    "ServiceUnavailable": _BUSY,
    "XMinioStorageFull": _FULL,
    "InsufficientStorage": _FULL,
    "QuotaExceeded": "the store's quota is used up",
}
_STATUS = {
    "401": "the credentials are not accepted: see the connection aws_default",
    "403": _DENIED,
    "404": "it is not there",
    "503": _BUSY,
    "507": _FULL,
}
_SYSTEM = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "access denied: this user may not do that here",
    errno.EPERM: "access denied: this user may not do that here",
    errno.EROFS: "the disk is read-only",
}


def why(error: BaseException) -> str:
    """The reason in one sentence, without capital and full stop; the client's first line where it is none we know."""
    text = str(error).strip()
    return (
        _of_the_credentials(text)
        or _of_s3(text)
        or _of_the_system(error, text)
        or (text.splitlines()[0] if text else type(error).__name__)
    )


def bucket_is_missing(error: BaseException) -> bool:
    """Whether an object was not found because its bucket isn't there either."""
    return _code(str(error)) == "NoSuchBucket"


def _code(text: str) -> str | None:
    found = re.search(r"<Code>(\w+)</Code>", text)
    return found[1] if found else None


def _of_the_credentials(text: str) -> str | None:
    """Whoever gives the credentials, STS or a profile, failed before S3 was asked."""
    told = re.search(r"External AWS credential provider: \w+: (.*(?:\n(?!\s|Debug).+)*)", text)
    return f"no AWS credentials: {' '.join(told[1].split())}: see the connection aws_default" if told else None


def _of_s3(text: str) -> str | None:
    code, status = _code(text), re.search(r"returned non-2xx status code: (\d+)([^:]*)", text)
    if code in _CODES:
        return _CODES[code]
    if "incorrectly configured region" in text:
        return _REGION
    if status:
        told = re.search(r"<Message>([^<]*)</Message>", text)
        return _STATUS.get(status[1]) or f"HTTP {status[1]}{status[2]}{f', {code}' if code else ''}" + (
            f": {told[1]}" if told else ""
        )
    return _of_the_network(text)


def _of_the_network(text: str) -> str | None:
    kind, url = re.search(r"kind: (Timeout|Connect),", text), re.search(r"https?://[^\s,]+", text)
    if not kind or not url:
        return None
    host = urlsplit(url[0]).netloc
    return f"{host} did not answer in time" if kind[1] == "Timeout" else f"nothing answers at {host}"


def _of_the_system(error: BaseException, text: str) -> str | None:
    told = re.search(r"\(os error (\d+)\)", text)
    number = int(told[1]) if told else getattr(error, "errno", None)
    return (_SYSTEM.get(number) or os.strerror(number).lower()) if number else None
