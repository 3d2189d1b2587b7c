"""Every way of being let in, against a server that checks it: renewed when it ends, refused in one sentence."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pipelines import extract
from pipelines.contracts import Contract, HttpDownload
from pipelines.errors import KhoTinhError, PermanentError, SettingError
from pipelines.extract.delivery import Delivery

from .places import (
    PASSWORD,
    TOKEN,
    USER,
    Place,
    as_page,
    fields_of,
    file_contract,
    pages_contract,
    pulled,
    rows,
    rows_of,
    settings_for,
)

Pull = Callable[..., Delivery]
FORM = {"kind": "form", "path": "/dang-nhap", "user_field": "TenDangNhap", "password_field": "MatKhau"}


@pytest.fixture
def pull(contracts: dict[str, Contract], place: Place, work: Path) -> Pull:
    """Pulls a file behind this login, or pages."""

    def run(
        login: dict[str, Any], settings: dict[str, Any] | None = None, *, in_pages: bool = False, **source: Any
    ) -> Delivery:
        make = pages_contract if in_pages else file_contract
        return pulled(
            make(contracts["portal_dossiers"], login=login, **source), settings_for(place, **settings or {}), work
        )

    return run


def _finding(contracts: dict[str, Contract], login: dict[str, Any], place: Place, **changes: object) -> str | None:
    """What `khotinh doctor` says of the connection."""
    contract = file_contract(contracts["portal_dossiers"], login=login)
    ((_, error),) = extract.check([contract], settings_for(place, **changes))
    return None if error is None else str(error)


async def _nobody(_: Request) -> Response:
    return Response(status_code=404)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Tokens:
    """A server that hands tokens out and lets in who shows the last one.

    Attributes:
        calls: Each token call: its Authorization and its fields.
        lasts: How many questions a token lets through.
    """

    def __init__(self, place: Place, *, header: str = "Authorization", token: str = "access_token") -> None:  # noqa: S107
        self.calls: list[tuple[str, dict[str, object]]] = []
        self.lasts = 1000
        self.has_refresh = self.refreshes = False
        self._header, self._token = header, token
        self._current, self._left = "", 0
        place.answer = self.answer

    async def answer(self, request: Request) -> Response:
        if request.method == "POST":
            is_json = request.headers.get("content-type") == "application/json"
            fields: dict[str, object] = {
                **(orjson.loads(await request.body()) if is_json else await fields_of(request))
            }
            self.calls.append((request.headers.get("Authorization", ""), fields))
            if fields.get("grant_type") == "refresh_token" and not self.refreshes:
                return JSONResponse({"error": "invalid_grant"}, 400)
            if fields.get("password", PASSWORD) != PASSWORD or fields.get("client_secret", PASSWORD) != PASSWORD:
                return JSONResponse({"error": "invalid_grant"}, 400)
            self._current, self._left = f"token-{len(self.calls)}", self.lasts
            document: dict[str, object] = {"refresh_token": f"again-{len(self.calls)}"} if self.has_refresh else {}
            document[self._token.rpartition(".")[2]] = self._current
            for key in reversed(self._token.split(".")[:-1]):
                document = {key: document}
            return JSONResponse(document)
        shown = request.headers.get(self._header, "")
        expected = f"Bearer {self._current}" if self._header == "Authorization" else self._current
        if not self._current or shown != expected or not self._left:
            return Response(status_code=401)
        self._left -= 1
        return as_page([])


OAUTH = {"kind": "client_credentials"}
ROPC = {"kind": "password", "path": "/token", "client": "body", "fields": {"grant_type": "password"}}
OWN = {"kind": "password", "path": "/api/login", "send": "json", "user_field": "email", "token": "data.jwt"}


def test_a_client_is_told_in_the_body_or_in_the_header(pull: Pull, place: Place) -> None:
    tokens = Tokens(place)
    pull(OAUTH)
    pull({**OAUTH, "path": "/auth/realms/tinh/token", "client": "header", "fields": {"scope": "thongke"}})
    assert place.paths() == ["/oauth/token", "/report.do", "/auth/realms/tinh/token", "/report.do"]
    in_header = {"grant_type": "client_credentials", "scope": "thongke"}
    # RFC 6749, section 2.3.1: both are form-encoded first; by hand, so that a plus is no blank to the server.
    encoded = _basic("kho", "mat+khau%3A+%2B%2F%C4%90%25")
    in_body = {"grant_type": "client_credentials", "client_id": "kho", "client_secret": PASSWORD}
    assert tokens.calls == [("", in_body), (encoded, in_header)]


def test_a_user_gets_a_token_by_form_or_json(pull: Pull, place: Place) -> None:
    tokens = Tokens(place)
    pull(ROPC)
    client = {"client_id": "kho", "client_secret": PASSWORD}
    assert tokens.calls == [("", {"grant_type": "password", "username": USER, "password": PASSWORD, **client})]
    tokens = Tokens(place, header="X-Auth-Token", token="data.jwt")
    pull({**OWN, "header": "X-Auth-Token"})
    assert tokens.calls == [("", {"email": USER, "password": PASSWORD})]


def _thirty_rows(place: Place, tokens: Tokens) -> None:
    """Three pages, each for who is let in."""

    async def paged(request: Request) -> Response:
        response = await tokens.answer(request)
        if request.method == "POST" or response.status_code != 200:
            return response
        number = int(request.query_params["page"])
        return as_page(rows(30)[number * 10 - 10 : number * 10], total=30)

    place.answer = paged


@pytest.mark.parametrize("login", [OAUTH, ROPC])
def test_a_token_that_ends_amid_the_pages_is_renewed(pull: Pull, place: Place, login: dict[str, Any]) -> None:
    tokens = Tokens(place)
    tokens.lasts = 1
    _thirty_rows(place, tokens)
    delivery = pull(login, {"http_connections": 1}, in_pages=True, total="total", proof="total")
    assert rows_of(delivery) == rows(30)
    assert len(tokens.calls) == 3


@pytest.mark.parametrize("refreshes", [True, False])
def test_a_refresh_token_goes_first_and_the_credentials_after_it(pull: Pull, place: Place, *, refreshes: bool) -> None:
    tokens = Tokens(place)
    tokens.has_refresh, tokens.refreshes, tokens.lasts = True, refreshes, 1
    _thirty_rows(place, tokens)
    delivery = pull(OAUTH, {"http_connections": 1}, in_pages=True, total="total", proof="total")
    assert rows_of(delivery) == rows(30)
    grants = [fields["grant_type"] for _, fields in tokens.calls]
    first, again = ["client_credentials"], ["refresh_token"]
    assert grants == first + (again * 2 if refreshes else (again + first) * 2)
    assert tokens.calls[1][1]["refresh_token"] == "again-1"


def test_tokens_may_come_from_another_host(contracts: dict[str, Contract], place: Place, work: Path) -> None:
    sso = Place()
    try:
        tokens = Tokens(sso)

        async def data(request: Request) -> Response:
            return (
                as_page(rows(1)) if request.headers["Authorization"] == "Bearer token-1" else Response(status_code=401)
            )

        place.answer = data
        contract = file_contract(contracts["portal_dossiers"], login=OAUTH)
        pulled(contract, settings_for(place, sso_login_url=sso.url), work)
        assert (sso.paths(), place.paths(), len(tokens.calls)) == (["/oauth/token"], ["/report.do"], 1)
        sso.answer = place.answer = _nobody
        with pytest.raises(SettingError, match=r"^KHOTINH_SSO_LOGIN_URL: .*answered 404"):
            pulled(contract, settings_for(place, sso_login_url=sso.url), work)
    finally:
        sso.stop()


def test_basic_goes_with_every_call(pull: Pull, place: Place) -> None:
    async def data(request: Request) -> Response:
        # RFC 7617: UTF-8; the value is `printf %s "tich-hop:mat khau: +/Đ%" | base64`.
        is_in = request.headers.get("Authorization") == "Basic dGljaC1ob3A6bWF0IGtoYXU6ICsvxJAl"
        return as_page(rows(1)) if is_in else Response(status_code=401)

    place.answer = data
    pull({"kind": "basic"})
    with pytest.raises(SettingError, match=r"^KHOTINH_SSO_USER: .* together with KHOTINH_SSO_PASSWORD.*401"):
        pull({"kind": "basic"}, {"sso_password": "sai"})
    assert len(place.asked) == 2


@pytest.mark.parametrize(
    ("login", "shown"),
    [
        ({"kind": "bearer"}, {"authorization": f"Bearer {TOKEN}"}),
        ({"kind": "bearer", "header": "X-API-Key"}, {"x-api-key": TOKEN}),
        ({"kind": "bearer", "parameter": "apikey"}, {"?apikey": TOKEN}),
    ],
)
def test_a_key_goes_where_the_contract_says_and_is_stored_nowhere(
    pull: Pull, place: Place, login: dict[str, Any], shown: dict[str, str]
) -> None:
    async def data(request: Request) -> Response:
        told = {**request.headers, **{f"?{name}": value for name, value in request.query_params.items()}}
        return as_page(rows(1)) if shown.items() <= told.items() else Response(status_code=401)

    place.answer = data
    delivery = pull(login, query={"thang": "2026-06"})
    assert delivery.source_uri == f"{place.url}/report.do?thang=2026-06"
    with pytest.raises(SettingError, match=r"^KHOTINH_SSO_TOKEN: .*401") as refused:
        pull(login, {"sso_token": "sai-roi"})
    assert "sai-roi" not in str(refused.value)


def test_without_a_login_nothing_is_shown(pull: Pull, place: Place) -> None:
    async def data(request: Request) -> Response:
        assert "authorization" not in request.headers
        return as_page(rows(1)) if request.url.path == "/report.do" else Response(status_code=401)

    place.answer = data
    pull({"kind": "none"})
    with pytest.raises(SettingError, match=r"^KHOTINH_SSO_URL: .* asks for a login \(401\), and the contract declares"):
        pull({"kind": "none"}, path="/other")


class Site:
    """A site for people: a login page with a token against forged requests, a session, a report behind it.

    Attributes:
        ends: After how many reports a session has ended.
        action: Where the form is sent.
        logins: Logins that were tried, right or wrong.
        is_moving: Whether a session that has ended is led to the login page; else the page comes in place of the report.
    """

    def __init__(self, place: Place) -> None:
        self.ends, self.action, self.logins = 1000, "/vao?buoc=2", 0
        self.is_moving = True
        self._sessions: dict[str, int] = {}
        self._forms: set[str] = set()
        place.answer = self.answer

    async def answer(self, request: Request) -> Response:
        match request.url.path:
            case "/dang-nhap":
                return self._page()
            case "/vao":
                return await self._enter(request)
            case "/trang-chu":
                return HTMLResponse("<html>Xin chào</html>" if self._is_in(request) else "<html>Không có phiên</html>")
        if not self._is_in(request) or self._sessions[request.cookies["phien"]] >= self.ends:
            return RedirectResponse("/dang-nhap", 302) if self.is_moving else self._page()
        self._sessions[request.cookies["phien"]] += 1
        page = int(request.query_params.get("page", 1))
        return as_page(rows(30)[page * 10 - 10 : page * 10])

    def _page(self) -> Response:
        self._forms.add(token := f"csrf-{len(self._forms)}")
        body = f"""\ufeff<!doctype html><html><body>
            <form action="/tim-kiem"><input name="q"></form>
            <form method="POST" action="{self.action}">
              <input type="hidden" name="__csrf" value="{token}&amp;&quot;Đ">
              <input name="TenDangNhap"><INPUT class=x TYPE='Password' name="MatKhau"><input type="submit" name="nut">
            </form></body></html>"""
        response = HTMLResponse(body)
        response.set_cookie("phien", f"khach-{len(self._forms)}")
        return response

    async def _enter(self, request: Request) -> Response:
        self.logins += 1
        fields = await fields_of(request)
        is_own_form = fields.pop("__csrf", "").removesuffix('&"Đ') in self._forms
        visitor = request.cookies.get("phien", "").startswith("khach-")
        good = {"TenDangNhap": USER, "MatKhau": PASSWORD, "nut": "Đăng nhập"}
        if fields != good or not is_own_form or not visitor or request.query_params.get("buoc") != "2":
            return self._page()
        self._sessions[session := f"phien-{self.logins}"] = 0
        response = RedirectResponse("/trang-chu", 302)
        response.set_cookie("phien", session, httponly=True)
        return response

    def _is_in(self, request: Request) -> bool:
        return request.cookies.get("phien", "") in self._sessions


LOGIN_FORM = {**FORM, "fields": {"nut": "Đăng nhập"}}


def test_a_login_form_is_filled_in_with_its_hidden_fields(pull: Pull, place: Place) -> None:
    site = Site(place)
    delivery = pull(LOGIN_FORM)
    assert orjson.loads(delivery.file.read_bytes())["items"] == rows(10)
    assert place.paths() == ["/dang-nhap", "/vao", "/trang-chu", "/report.do"]
    assert site.logins == 1


@pytest.mark.parametrize("is_moving", [True, False])
def test_a_session_that_ends_amid_the_pages_is_begun_anew(pull: Pull, place: Place, *, is_moving: bool) -> None:
    site = Site(place)
    site.is_moving, site.ends = is_moving, 3
    delivery = pull(LOGIN_FORM, {"http_connections": 1}, in_pages=True)
    assert rows_of(delivery) == rows(30)
    assert site.logins == 3  # four pages in each of two readings, three to a session


def test_a_session_stands_still_whatever_later_answers_set(pull: Pull, place: Place) -> None:
    """The late answer to a call of an ended session hands out a visitor's cookie under the same name."""
    site = Site(place)

    async def late(request: Request) -> Response:
        response = await site.answer(request)
        if request.url.path == "/rows":
            response.set_cookie("phien", "khach-0")
        return response

    place.answer = late
    assert rows_of(pull(LOGIN_FORM, in_pages=True)) == rows(30)
    assert site.logins == 1


@pytest.mark.parametrize("is_moving", [True, False])
def test_a_login_page_in_place_of_the_file_is_never_data(
    pull: Pull, place: Place, work: Path, *, is_moving: bool
) -> None:
    site = Site(place)
    site.is_moving, site.ends = is_moving, 0
    with pytest.raises(SettingError, match=r"^KHOTINH_SSO_USER: .*/report\.do lets nobody in .*\(a login page\)"):
        pull(LOGIN_FORM)
    assert site.logins == 3
    for login, words in (({"kind": "basic"}, "SSO_USER"), ({"kind": "none"}, "SSO_URL: .*declares none")):
        with pytest.raises(SettingError, match=words):
            pull(login)
    assert list(work.iterdir()) == []


def test_a_wrong_password_is_tried_once_and_never_again(pull: Pull, place: Place) -> None:
    """Many a system locks an account that knocks too often."""
    site = Site(place)
    with pytest.raises(
        SettingError, match=r"^KHOTINH_SSO_USER: .*KHOTINH_SSO_PASSWORD: it asks for the password again"
    ):
        pull(LOGIN_FORM, {"sso_password": "sai"})
    assert site.logins == 1


def test_a_password_that_changed_under_way_is_tried_once_by_all_threads(pull: Pull, place: Place) -> None:
    site = Site(place)
    is_in = site._is_in

    def until_the_third(request: Request) -> bool:
        return is_in(request) and len(place.asked) < 6

    site._is_in = until_the_third  # type: ignore[method-assign]
    enter = site._enter

    async def once(request: Request) -> Response:
        if site.logins:
            site.logins += 1
            return site._page()
        return await enter(request)

    site._enter = once  # type: ignore[method-assign]

    async def with_total(request: Request) -> Response:
        response = await site.answer(request)
        if request.url.path == "/rows" and response.status_code == 200:
            return as_page(orjson.loads(bytes(response.body))["items"], total=300)
        return response

    place.answer = with_total
    with pytest.raises(SettingError, match="asks for the password again"):
        pull(LOGIN_FORM, {"http_connections": 8}, in_pages=True, total="total")
    assert site.logins == 2


@pytest.mark.parametrize(
    "action", ["http://evil.example/vao", "//evil.example/vao", "https://127.0.0.1/vao", "http://["]
)
def test_a_form_that_leads_elsewhere_is_sent_nowhere(pull: Pull, place: Place, action: str) -> None:
    site = Site(place)
    site.action = action
    with pytest.raises(
        SettingError, match=r"^KHOTINH_SSO_URL: .*/dang-nhap shows no form with TenDangNhap and MatKhau"
    ):
        pull(LOGIN_FORM)
    assert place.paths() == ["/dang-nhap"]


@pytest.mark.parametrize("body", ["", "<html></html>", "<form method=post><input name=u></form>", "\x00", "{}"])
def test_a_page_without_the_form_says_so(pull: Pull, place: Place, body: str) -> None:
    async def page(_: Request) -> Response:
        return HTMLResponse(body)

    place.answer = page
    with pytest.raises(SettingError, match=r"^KHOTINH_SSO_URL: .*shows no form"):
        pull(LOGIN_FORM)


def test_a_login_without_a_session_is_none(pull: Pull, place: Place) -> None:
    async def page(request: Request) -> Response:
        return HTMLResponse(
            "<form method=post><input name=TenDangNhap><input type=password name=MatKhau></form>"
            if request.method == "GET"
            else "Tài khoản bị khóa"
        )

    place.answer = page
    with pytest.raises(SettingError, match=r"^KHOTINH_SSO_USER: .*no session begins"):
        pull(LOGIN_FORM)


@pytest.mark.parametrize("login", [OAUTH, ROPC, {"kind": "basic"}, {"kind": "bearer"}, LOGIN_FORM])
def test_nothing_that_lets_in_goes_to_another_host(pull: Pull, place: Place, login: dict[str, Any]) -> None:
    other = Place()
    try:

        async def lead_away(_: Request) -> Response:
            return RedirectResponse(f"{other.url}/report.do?x=1", 307)

        place.answer = lead_away
        with pytest.raises(PermanentError) as refused:
            pull(login)
        assert other.asked == []
        assert "x=1" not in str(refused.value)
    finally:
        other.stop()


@pytest.mark.parametrize(
    ("login", "names"),
    [
        (OAUTH, ["CLIENT_ID", "CLIENT_SECRET"]),
        (ROPC, ["USER", "PASSWORD", "CLIENT_ID", "CLIENT_SECRET"]),
        (OWN, ["USER", "PASSWORD"]),
        ({"kind": "basic"}, ["USER", "PASSWORD"]),
        ({"kind": "bearer"}, ["TOKEN"]),
        (LOGIN_FORM, ["USER", "PASSWORD"]),
    ],
)
def test_what_a_login_needs_and_is_not_set_is_named_before_anything_is_asked(
    contracts: dict[str, Contract], pull: Pull, place: Place, login: dict[str, Any], names: list[str]
) -> None:
    for name in names:
        field = f"sso_{name.lower()}"
        with pytest.raises(SettingError, match=rf"^KHOTINH_SSO_{name}: is not set"):
            pull(login, {field: None})
        assert str(_finding(contracts, login, place, **{field: None})).startswith(f"KHOTINH_SSO_{name}: is not set")
    assert place.asked == []


def test_the_doctor_really_tries_each_login(contracts: dict[str, Contract], place: Place) -> None:
    Tokens(place)
    for login in (OAUTH, ROPC, {**OWN, "token": "access_token"}):
        assert _finding(contracts, login, place) is None
    assert "KHOTINH_SSO_CLIENT_ID: " in str(_finding(contracts, OAUTH, place, sso_client_secret="sai"))
    assert "KHOTINH_SSO_USER: " in str(_finding(contracts, ROPC, place, sso_password="sai"))
    Site(place)
    assert _finding(contracts, LOGIN_FORM, place) is None
    assert "KHOTINH_SSO_USER: " in str(_finding(contracts, LOGIN_FORM, place, sso_password="sai"))
    assert "/report.do" not in place.paths()


@pytest.mark.parametrize(
    ("status", "words"),
    [(200, None), (404, None), (401, "SSO_TOKEN"), (403, "SSO_URL"), (500, "SSO_URL"), (302, "SSO_URL")],
)
def test_where_no_login_can_be_tried_the_doctor_asks_for_the_export(
    contracts: dict[str, Contract], place: Place, status: int, words: str | None
) -> None:
    async def data(request: Request) -> Response:
        is_in = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        return Response(b"x" * 5_000_000, status if is_in else 401, {"Location": "https://other.example/"})

    place.answer = data
    found = _finding(contracts, {"kind": "bearer"}, place)
    assert (found is None) if words is None else str(found).startswith(f"KHOTINH_{words}: ")
    assert len(place.asked) == 1


def test_two_contracts_of_one_connection_have_each_manner_tried(contracts: dict[str, Contract], place: Place) -> None:
    Tokens(place)
    like = contracts["portal_dossiers"]
    of_both = [
        file_contract(like, login=OAUTH),
        file_contract(like, login=LOGIN_FORM),
        file_contract(like, login=OAUTH),
    ]
    ((name, error),) = extract.check(of_both, settings_for(place))
    assert name == "sso"
    assert "/dang-nhap" in str(error)
    assert place.paths() == ["/oauth/token", "/dang-nhap"]


@pytest.mark.parametrize("login", [OAUTH, ROPC, OWN, {"kind": "basic"}, {"kind": "bearer"}, LOGIN_FORM])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_no_error_holds_a_secret(pull: Pull, place: Place, login: dict[str, Any], status: int) -> None:
    async def refuse(_: Request) -> Response:
        return Response(f"{PASSWORD} {TOKEN}", status, {"Location": f"/?p={PASSWORD.encode()!r}"})

    place.answer = refuse
    with pytest.raises(KhoTinhError) as refused:
        pull(login)
    assert PASSWORD not in repr(refused.value)
    assert TOKEN not in repr(refused.value)


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ({"kind": "bearer", "header": "A", "parameter": "b"}, "not into both"),
        ({"kind": "basic", "path": "/"}, "path"),
        ({"kind": "form"}, "path"),
        ({"kind": "ntlm"}, "kind"),
        ({"kind": "bearer", "header": "X: y"}, "header"),
    ],
)
def test_a_login_that_makes_no_sense_is_refused(login: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        HttpDownload.model_validate({"kind": "http_download", "connection": "sso", "path": "/", "login": login})
