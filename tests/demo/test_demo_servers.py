"""The servers really answer: tokens that end, pages that add up, files over SFTP, endpoints dead and alive."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncssh
import httpx
import pytest
from starlette.testclient import TestClient

from demo.province import Province, province
from demo.serve import running
from demo.servers import endpoints as endpoint_servers
from demo.servers.gate import PortalRules
from demo.servers.portal import application
from tests.demo.served_recount import SCALE, pages

DAY = {"changed_since": "2026-11-03T00:00:00", "changed_before": "2026-11-04T00:00:00"}
CLIENT = {"grant_type": "client_credentials", "client_id": "me", "client_secret": "secret"}


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def portal(made: Province, clock: Clock) -> TestClient:
    return TestClient(application(made, PortalRules("me", "secret", 20.0, 40.0, 40.0, clock)))


def bearer(client: TestClient) -> dict[str, str]:
    answer = client.post("/oauth/token", data=CLIENT).json()
    assert answer["expires_in"] == 20
    return {"Authorization": f"Bearer {answer['access_token']}"}


def test_a_token_is_needed_and_ends(sound: Province) -> None:
    clock = Clock()
    client = portal(sound, clock)
    assert client.post("/oauth/token", data=CLIENT | {"client_secret": "guess"}).status_code == 401
    assert client.get("/api/v1/dossiers", params=DAY).status_code == 401
    headers = bearer(client)
    assert client.get("/api/v1/dossiers", params=DAY, headers=headers).status_code == 200
    clock.now += 21
    refused = client.get("/api/v1/dossiers", params=DAY, headers=headers)
    assert (refused.status_code, refused.headers["WWW-Authenticate"][:6]) == (401, "Bearer")


def test_too_many_requests_are_told_when_to_come_back(sound: Province) -> None:
    clock = Clock()
    client = portal(sound, clock)
    headers = bearer(client)
    answers = [client.get("/api/v1/dossiers", params=DAY, headers=headers) for _ in range(41)]
    assert [answer.status_code for answer in answers] == [200] * 40 + [429]
    assert answers[-1].headers["Retry-After"] == "1"
    clock.now += 1
    assert client.get("/api/v1/dossiers", params=DAY, headers=headers).status_code == 200


def test_pages_add_up_and_questions_are_checked(sound: Province) -> None:
    clock = Clock()
    client = portal(sound, clock)
    headers = bearer(client)
    items, total = pages(client, headers, DAY, 50)
    assert len(items) == total == len({item["maHoSo"] for item in items}) > 100
    tomorrow = {"changed_since": "2026-11-09T00:00:00", "changed_before": "2026-11-10T00:00:00"}
    assert pages(client, headers, tomorrow) == ([], 0)
    for wrong in ({}, {**DAY, "page": "0"}, {**DAY, "page_size": "2001"}, {**DAY, "changed_since": "hôm qua"}):
        assert client.get("/api/v1/dossiers", params=wrong, headers=headers).status_code == 400
    assert client.get("/bao-cao/ii-06a.xls").status_code == 401
    for month in ("2026-09", "2026-13", "hello", ""):
        assert client.get("/bao-cao/ii-06a.xls", params={"thang": month}, headers=headers).status_code == 404
    table = client.get("/bao-cao/ii-06a.xls", params={"thang": "2026-10"}, headers=headers)
    assert table.content.startswith(b"\xef\xbb\xbf<html>")
    assert "Tổng cộng" in table.text


def test_portal_faults() -> None:
    clock = Clock()
    client = portal(province(scale=SCALE, faults=("http_500_streak:2", "count_mismatch:2026-11-03")), clock)
    headers = bearer(client)
    codes = [client.get("/api/v1/dossiers", params=DAY, headers=headers).status_code for _ in range(3)]
    assert codes == [500, 500, 200]
    items, total = pages(client, headers, DAY)
    assert total == len(items) + 1
    down = portal(province(scale=SCALE, faults=("portal_down",)), clock)
    assert down.post("/oauth/token", data=CLIENT).status_code == 503


def test_everything_is_up_on_real_ports() -> None:
    made = province(scale=SCALE, faults=("dead_endpoints:2", "endpoint_garbage:2"))
    order = endpoint_servers.behaviour(made)
    addresses = dict(zip(made.endpoints.codes, made.endpoints.frame["address"], strict=True))
    with running(made) as environment:
        form = {"grant_type": "client_credentials", "client_id": environment["KHOTINH_PORTAL_CLIENT_ID"]}
        form["client_secret"] = environment["KHOTINH_PORTAL_CLIENT_SECRET"]
        with httpx.Client(base_url=environment["KHOTINH_PORTAL_URL"]) as client:
            assert client.post("/oauth/token", data=form).status_code == 200

        def ask(code: str, timeout: float = 2.0) -> httpx.Response:
            url = environment["KHOTINH_ENDPOINT_URL"].format(address=addresses[code], endpoint_code=code)
            return httpx.get(url, params={"day": "2026-11-03"}, timeout=timeout)

        alive = next(code for code in made.endpoints.codes if code not in order.dead | order.garbage)
        assert ask(alive).content == made.endpoints.answers(made.days[1])[alive]
        assert ask(next(iter(order.garbage))).text.startswith("<html>")
        with pytest.raises(httpx.ReadTimeout):
            ask(next(iter(order.dead)), timeout=0.2)
        assert asyncio.run(files_over_sftp(environment)) == {
            "2026-11": [f"exchange-202611{day:02d}.csv" for day in range(2, 9)],
            "officer": ["bieu-chi-tieu-202610.xlsx", "bieu-chi-tieu-202611.xlsx"],
            "bodies": True,
            "written": "refused",
        }


async def files_over_sftp(environment: dict[str, str]) -> dict[str, object]:
    """What a client sees on the file server."""
    place = urlsplit(environment["KHOTINH_DOCUMENTS_URL"])
    async with (
        asyncssh.connect(
            place.hostname,
            place.port,
            username=place.username,
            password=environment["KHOTINH_DOCUMENTS_PASSWORD"],
            known_hosts=environment["KHOTINH_DOCUMENTS_KNOWN_HOSTS"],
        ) as connection,
        connection.start_sftp_client() as client,
    ):
        found: dict[str, object] = {}
        for name, path in (("2026-11", "/documents/exchanges/2026-11"), ("officer", "/officer")):
            found[name] = sorted(entry for entry in await client.listdir(path) if not entry.startswith("."))
        found["bodies"] = (await client.stat("/videoconference/cdr/2026-11-03/body-0001.xml")).size > 1_000
        try:
            async with client.open("/documents/new.txt", "wb"):
                found["written"] = "done"
        except asyncssh.SFTPPermissionDenied:
            found["written"] = "refused"
        return found


def test_one_address_does_where_there_are_not_many(sound: Province) -> None:
    async def ask() -> bytes:
        servers = await endpoint_servers.start(sound, has_own_addresses=False)
        place = urlsplit(servers.url_template.format(endpoint_code="DC-007"))
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(f"GET {place.path}?day=2026-11-03 HTTP/1.1\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await servers.close()
        return answer

    assert asyncio.run(ask()).endswith(sound.endpoints.answers(sound.days[1])["DC-007"])


def test_the_command_says_ready_and_ends_with_its_input(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo.serve", "--scale", str(SCALE), "--folder", str(tmp_path)]
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=True)
    said = json.loads(ended.stdout)
    assert said["ready"] is True
    assert {"KHOTINH_PORTAL_URL", "KHOTINH_OFFICER_KNOWN_HOSTS", "KHOTINH_PSEUDONYM_KEY"} <= set(said["environment"])
    wrong = subprocess.run([*command, "--fault", "no_such"], input=b"", capture_output=True, timeout=60, check=False)
    assert wrong.returncode == 2
    assert b"no_such" in wrong.stderr
