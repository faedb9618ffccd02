"""Whom the HTTP API lets in, and as whom, with real users: of the configuration, of the database, and with none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api_servers import FAB_USERS, USERS, Server, set_role
from real_airflow import RealAirflow

pytest_plugins = ["api_servers", "plugins.routing"]
pytestmark = pytest.mark.airflow

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
UNKNOWN = ("/", "/nothing", "/batches/", "/docs/x", "/static", "/static/", "/%2e%2e")
STATIC = ("/static/swagger-ui.css", "/static/favicon.png")
BATCH = {"prompts": ["Who may ask?"], "rehearse": True}
NO_JSON = {"content": b"{", "headers": {"Content-Type": "application/json"}}
"""A request that nobody takes, and that is not looked at before its sender was."""

READS, STARTS = 404, 400
"""How the two routes below answer who may: there is no such batch, that is no JSON."""


@pytest.fixture
def paths(routes: list[dict[str, Any]]) -> list[str]:
    """Every path that there is, and some that there are not; pages have tests of their own."""
    known = [route["path"] for route in routes if not route["path"].startswith("/pages")]
    return [*(path.translate({ord("{"): None, ord("}"): None}) for path in known), *UNKNOWN, *STATIC]


def _problem(answer: httpx.Response, status: int) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body = answer.json()
    assert body["status"] == status
    assert body["detail"].endswith(".")
    return str(body["detail"])


def _may(server: Server, bearer: str) -> tuple[int, int]:
    """How reading and starting are answered."""
    read = server.ask("GET", "/ai/batches", bearer, params={"id": str(uuid4())})
    start = server.ask("POST", "/ai/batches", bearer, **NO_JSON)
    return read.status_code, start.status_code


def test_every_route_asks_for_a_permission(routes: list[dict[str, Any]]) -> None:
    asked = [(route["path"], route["asks"]) for route in routes if "asks" in route]
    assert {"/batches", "/docs", "/openapi.json"} <= {path for path, _ in asked}
    assert {asks for _, asks in asked} == {"READ", "START", "START_CHECKS", "START_AUDIT"}


@pytest.mark.parametrize("method", METHODS)
def test_nothing_answers_nobody(strict: Server, paths: list[str], method: str) -> None:
    for path in paths:
        answer = strict.ask(method, f"/ai{path}")
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        if method != "HEAD":
            assert "`completions token create`" in _problem(answer, 401)


@pytest.mark.parametrize(
    "bearer",
    ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJib3NzIiwicm9sZSI6ImFkbWluIn0.", "cmp_", f"cmp_x_{'0' * 38}"],
)
def test_nothing_answers_a_bad_token(strict: Server, paths: list[str], bearer: str) -> None:
    for path in paths:
        said = _problem(strict.ask("GET", f"/ai{path}", bearer), 403)
        assert bearer[4:] not in said or len(bearer) < 6


@pytest.mark.parametrize("authorization", ["Basic Ym9zczpib3NzJ3M=", "Bearer", "Bearer a b", "Digest x", ""])
def test_other_ways_to_say_who_one_is_are_none(strict: Server, authorization: str) -> None:
    answer = strict.ask("GET", "/ai/docs", headers={"Authorization": authorization})
    assert answer.status_code in (401, 403)


def test_there_are_no_sockets(strict: Server) -> None:
    address = str(strict.client.base_url).replace("http", "ws")
    for path in ("batches", "static/favicon.png", "nothing"):
        with pytest.raises(InvalidStatus) as refused, connect(f"{address}/ai/{path}".replace("//ai", "/ai")):
            pass
        assert refused.value.response.status_code == 403
    assert "Traceback" not in strict.log.read_text("utf-8", "replace")


@pytest.mark.parametrize("path", [*STATIC, "/docs", "/openapi.json"])
def test_those_who_are_let_in_get_what_there_is(strict: Server, path: str) -> None:
    assert strict.ask("GET", f"/ai{path}", strict.login("reader")).status_code == 200


@pytest.mark.parametrize("server", ["strict", pytest.param("fab", marks=pytest.mark.drill)])
@pytest.mark.parametrize(
    ("user", "may"),
    [
        ("boss", (READS, STARTS)),
        ("chief", (READS, STARTS)),
        ("maker", (READS, STARTS)),
        ("reader", (READS, 403)),
        ("guest", (403, 403)),
    ],
)
def test_a_token_of_either_kind_may_what_its_user_may(
    request: pytest.FixtureRequest, server: str, user: str, may: tuple[int, int]
) -> None:
    asked: Server = request.getfixturevalue(server)
    assert user in USERS
    assert user in FAB_USERS
    assert _may(asked, asked.login(user)) == may
    assert _may(asked, asked.token(f"{server}-{user}", user)) == may


def test_who_may_not_is_told_what(strict: Server) -> None:
    said = _problem(strict.ask("POST", "/ai/batches", strict.login("reader"), **NO_JSON), 403)
    assert said == "reader may not start runs of the DAG batch_completions."
    said = _problem(strict.ask("GET", "/ai/docs", strict.login("guest")), 403)
    assert said == "guest may not see runs of the DAG batch_completions."


def test_a_token_ends_when_it_expires_or_is_revoked_and_gives_nothing_once_tampered_with(strict: Server) -> None:
    now = datetime.now(UTC)
    expired = strict.token("expired", "boss", now - timedelta(seconds=1))
    assert "expired at" in _problem(strict.ask("GET", "/ai/docs", expired), 403)
    raised = strict.token("raised", "reader", tampered={"user": "boss"})
    assert "not known" in _problem(strict.ask("GET", "/ai/docs", raised), 403)
    prolonged = strict.token("prolonged", "boss", now - timedelta(days=1), {"expires": None})
    assert "not known" in _problem(strict.ask("GET", "/ai/docs", prolonged), 403)
    revoked = strict.token("revoked", "boss")
    assert strict.ask("GET", "/ai/docs", revoked).status_code == 200
    strict.airflow.api.request("DELETE", "/variables/completions_token_revoked")
    assert "revoked" in _problem(strict.ask("GET", "/ai/docs", revoked), 403)


def test_a_token_is_one_of_this_api_alone_and_stands_in_no_log(strict: Server) -> None:
    token = strict.token("quiet", "boss")
    assert strict.ask("GET", "/ai/docs", token).status_code == 200
    assert strict.ask("GET", "/api/v2/dags", token).status_code == 403
    logs = [strict.log, *strict.airflow.embedded.home.rglob("*.log")]
    assert not [log for log in logs if token.encode()[10:40] in log.read_bytes()]


@pytest.mark.drill
def test_a_user_who_loses_a_role_or_is_gone_takes_it_from_the_token(fab: Server) -> None:
    set_role(fab, "chief", "User")
    token = fab.token("fab-falling", "chief")
    assert _may(fab, token) == (READS, STARTS)
    set_role(fab, "chief", "Viewer")
    assert _may(fab, token) == (READS, 403)
    fab.ask("DELETE", "/auth/fab/v1/users/chief", fab.login("boss")).raise_for_status()
    assert "no longer one of this Airflow" in _problem(fab.ask("GET", "/ai/docs", token), 403)
    set_role(fab, "chief", FAB_USERS["chief"], new=True)


def test_where_everybody_is_let_in_a_bad_token_is_not_and_one_of_ours_is_its_users(
    airflow: RealAirflow, strict: Server
) -> None:
    embedded = Server(airflow, httpx.Client(base_url=airflow.api.url, timeout=60), strict.env, strict.log)
    with embedded.client:
        assert embedded.ask("GET", "/ai/docs").status_code == 200
        _problem(embedded.ask("GET", "/ai/docs", "nonsense"), 403)
        assert _may(embedded, embedded.token("open-admin", "admin")) == (READS, STARTS)
        foreign = embedded.token("open-maker", "maker")
        assert "no longer one of this Airflow" in _problem(embedded.ask("GET", "/ai/docs", foreign), 403)


def test_the_cookie_of_the_ui_is_as_good_as_a_bearer(strict: Server) -> None:
    cookie = {"Cookie": f"_token={strict.login('reader')}"}
    assert strict.ask("GET", "/ai/openapi.json", headers=cookie).status_code == 200


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["login", "token"])
def test_a_run_is_of_the_user_who_started_it(airflow: RealAirflow, strict: Server, kind: str) -> None:
    bearer = strict.login("maker") if kind == "login" else strict.token("starting", "maker")
    answer = strict.ask("POST", "/ai/batches", bearer, json=BATCH)
    assert answer.status_code == 202
    run_id = airflow.wait(f"api__{answer.json()['id']}")
    run = airflow.api.request("GET", f"/dags/batch_completions/dagRuns/{run_id}")
    assert (run["state"], run["triggering_user_name"]) == ("success", "maker")


OTHER = {"Origin": "https://other.example"}


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", **OTHER}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "{own}"}, True),
        ({"Origin": "{own}", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site", **OTHER}, False),
        (OTHER, False),
        ({"Origin": "null"}, False),
        ({"Origin": "{own}.other.example"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("server", ["strict", "airflow"])
def test_a_page_of_another_site_cannot_use_a_visitors_browser(
    request: pytest.FixtureRequest, server: str, headers: dict[str, str], passes: bool
) -> None:
    asked = request.getfixturevalue(server)
    url = str(asked.client.base_url) if server == "strict" else asked.api.url
    cookie = {"Cookie": f"_token={asked.login('maker')}"} if server == "strict" else {}
    sent = {name: value.replace("{own}", url.rstrip("/")) for name, value in headers.items()}
    for method in ("POST", "DELETE", "PUT"):
        answer = httpx.request(method, f"{url}/ai/batches".replace("//ai", "/ai"), headers={**cookie, **sent})
        assert (answer.status_code == 403) == (not passes), (method, answer.text)
        assert passes or "A page of" in _problem(answer, 403)
    read = httpx.get(f"{url}/ai/openapi.json".replace("//ai", "/ai"), headers={**cookie, **sent})
    assert read.status_code == 200


@pytest.mark.parametrize("path", ["/ai/docs", "/auth/token", "/api/v2/dags", "/"])
@pytest.mark.parametrize(
    ("host", "answers"),
    [
        ("127.0.0.1", True),
        ("localhost:9999", True),
        ("[::1]", True),
        ("rebound.example", False),
        ("127.0.0.1.rebound.example", False),
        ("10.0.0.1:8080", False),
    ],
)
def test_where_everybody_is_let_in_only_its_own_names_answer(
    airflow: RealAirflow, host: str, answers: bool, path: str
) -> None:
    answer = httpx.get(f"{airflow.api.url}{path}", headers={"Host": host})
    assert answer.is_success == answers
    assert answers or f"ask {airflow.api.url}" in _problem(answer, 421)


def test_with_users_any_name_is_its_own(strict: Server) -> None:
    answer = strict.ask("GET", "/ai/docs", strict.login("reader"), headers={"Host": "airflow.example.com"})
    assert answer.status_code == 200


def test_an_expired_session_is_told_so(strict: Server) -> None:
    now = int(datetime.now(UTC).timestamp())
    claims = {"sub": "boss", "role": "admin", "teams": [], "iat": now - 99, "nbf": now - 99, "exp": now - 60}
    expired = _signed(strict, claims)
    assert "log in again" in _problem(strict.ask("GET", "/ai/docs", expired), 401)
    assert "log in again" in _problem(strict.ask("GET", "/ai/docs", headers={"Cookie": f"_token={expired}"}), 401)


def _signed(server: Server, claims: dict[str, Any]) -> str:
    genuine = jwt.decode(server.login("boss"), options={"verify_signature": False})
    key = server.env["AIRFLOW__API_AUTH__JWT_SECRET"]
    return jwt.encode({**genuine, **claims}, key, algorithm="HS512")
