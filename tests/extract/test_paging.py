"""Every way in which rows come part by part: how the end is told, and that no row is lost between two parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipelines.contracts import Contract, HttpPages
from pipelines.errors import DataRefusedError, PermanentError, TransientError
from pipelines.extract.delivery import Delivery
from pipelines.extract.web import page_walk

from .places import DAY, Place, Row, as_page, fields_of, pages_contract, pulled, rows, rows_of, settings_for

SIZE = 10
Pull = Callable[..., Delivery]
OFFSETS = {"kind": "offset", "parameter": "offset"}
CURSORS = {"kind": "cursor", "parameter": "after", "next": "paging.next"}


@pytest.fixture
def pull(contracts: dict[str, Contract], place: Place, work: Path) -> Pull:
    """Pulls the pages of a source with these keys."""

    def run(settings: dict[str, Any] | None = None, **source: Any) -> Delivery:
        contract = pages_contract(contracts["portal_dossiers"], **source)
        return pulled(contract, settings_for(place, **(settings or {})), work)

    return run


class Rows:
    """A set that is served by number, offset or cursor, and may change after any question.

    Attributes:
        moves: What happens to the set after the question of that number, counted from 1.
    """

    def __init__(self, place: Place, held: list[Row], *, first: int = 1, has_total: bool = False) -> None:
        self.held = held
        self.moves: dict[int, Callable[[], object]] = {}
        self._first, self._has_total, self._place = first, has_total, place
        self._asked = 0
        place.answer = self.answer

    def replace_one(self) -> None:
        """The fourth row leaves and another comes at the end."""
        self.held.pop(3)
        self.held.append({"maHoSo": "new"})

    async def answer(self, request: Request) -> Response:
        asked = {**request.query_params, **(await fields_of(request))}
        start = int(asked["offset"]) if "offset" in asked else (int(asked["page"]) - self._first) * SIZE
        page = as_page(self.held[start : start + SIZE], **({"total": len(self.held)} if self._has_total else {}))
        self._asked += 1
        self.moves.get(self._asked, lambda: None)()
        return page


def _asked(place: Place, parameter: str) -> list[str]:
    return [query[parameter] for _, _, query in place.asked]


@pytest.mark.parametrize("first", [0, 1])
def test_pages_count_from_what_the_contract_says_and_end_with_an_empty_one(
    pull: Pull, place: Place, first: int
) -> None:
    held = rows(2 * SIZE)
    Rows(place, held, first=first)
    delivery = pull(paging={"kind": "page", "parameter": "page", "first": first})
    assert rows_of(delivery) == held
    assert delivery.declared_rows is None
    assert _asked(place, "page") == [str(first + number) for number in range(3)] * 2


def test_a_short_page_is_the_end_only_where_the_contract_says_how_many_a_full_one_has(pull: Pull, place: Place) -> None:
    parts = [rows(10), rows(30)[10:14], rows(30)[14:24]]

    async def filtered(request: Request) -> Response:
        number = int(request.query_params["page"])
        return as_page(parts[number - 1] if number <= len(parts) else [])

    place.answer = filtered
    assert len(rows_of(pull())) == 24
    place.asked.clear()
    assert len(rows_of(pull(paging={"kind": "page", "parameter": "page", "full_page": 10}))) == 14
    assert _asked(place, "page") == ["1", "2"] * 2


def test_one_answer_with_all_rows_is_asked_for_once(pull: Pull, place: Place) -> None:
    Rows(place, rows(SIZE - 1))
    pull(paging={"kind": "page", "parameter": "page", "full_page": SIZE})
    assert len(place.asked) == 1


@pytest.mark.parametrize("has_total", [False, True])
def test_offsets_leave_out_what_has_come(pull: Pull, place: Place, *, has_total: bool) -> None:
    held = rows(25)
    Rows(place, held, has_total=has_total)
    delivery = pull(paging=OFFSETS, **({"total": "total"} if has_total else {}))
    assert rows_of(delivery) == held
    assert delivery.declared_rows == (25 if has_total else None)
    assert sorted(set(_asked(place, "offset")), key=int) == ["0", "10", "20"] + ([] if has_total else ["25"])


def _cursors(place: Place, follows: dict[str, object]) -> None:
    """Serves one row a page; `follows` names what each page says comes after it, the first page's name is empty."""

    async def answer(request: Request) -> Response:
        name = request.query_params.get("after", "")
        if request.query_params.get("limit") != "1":
            return Response(status_code=400)
        return as_page([{"row": name}], paging={"next": follows[name]})

    place.answer = answer


@pytest.mark.parametrize("end", [None, ""])
def test_a_cursor_leads_on_until_none_is_told(pull: Pull, place: Place, end: object) -> None:
    _cursors(place, {"": "a+/=&", "a+/=&": 7, "7": end})
    assert rows_of(pull(paging=CURSORS, query={"limit": 1})) == [{"row": ""}, {"row": "a+/=&"}, {"row": "7"}]
    assert len(place.asked) == 6


def test_a_first_page_that_names_no_next_one_is_all(pull: Pull, place: Place) -> None:
    async def answer(_: Request) -> Response:
        return as_page(rows(3))

    place.answer = answer
    assert rows_of(pull(paging=CURSORS)) == rows(3)
    assert len(place.asked) == 1


def test_an_empty_page_in_the_middle_does_not_end_a_cursor(pull: Pull, place: Place) -> None:
    pages: dict[str, tuple[list[Row], str | None]] = {
        "": ([{"row": 1}], "b"),
        "b": ([], "c"),
        "c": ([{"row": 3}], None),
    }

    async def answer(request: Request) -> Response:
        items, following = pages[request.query_params.get("after", "")]
        return as_page(items, paging={"next": following})

    place.answer = answer
    assert rows_of(pull(paging=CURSORS)) == [{"row": 1}, {"row": 3}]


@pytest.mark.parametrize("follows", [{"": "a", "a": "a"}, {"": "a", "a": "b", "b": "a"}])
def test_a_cursor_that_goes_in_a_circle_is_refused(
    pull: Pull, place: Place, work: Path, follows: dict[str, object]
) -> None:
    _cursors(place, follows)
    with pytest.raises(DataRefusedError, match="leads back to an earlier one") as refused:
        pull(paging=CURSORS, query={"limit": 1})
    assert refused.value.check == "page_shape"
    assert len(place.asked) == len(follows)
    assert list(work.iterdir()) == []


def test_pages_without_end_are_refused(pull: Pull, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_walk, "MOST_PAGES", 20)

    async def answer(request: Request) -> Response:
        number = int(request.query_params.get("after", "0"))
        return as_page([{"row": number}], paging={"next": str(number + 1)})

    place.answer = answer
    with pytest.raises(DataRefusedError, match="more than 20 pages"):
        pull(paging=CURSORS)
    assert len(place.asked) == 21


@pytest.mark.parametrize("total", [None, "total"])
def test_a_source_that_does_not_know_the_parameter_gives_no_page_twice(
    pull: Pull, place: Place, total: str | None
) -> None:
    async def answer(_: Request) -> Response:
        return as_page(rows(SIZE), total=2 * SIZE)

    place.answer = answer
    with pytest.raises(DataRefusedError, match="page 2 holds the rows of the page before it") as refused:
        pull(total=total)
    assert "`paging`" in refused.value.next_step


@pytest.mark.parametrize("in_header", [True, False])
def test_links_are_followed_as_they_stand(pull: Pull, place: Place, *, in_header: bool) -> None:
    held = rows(3)

    async def answer(request: Request) -> Response:
        number = int(request.query_params.get("from", "0"))
        link = ["/rows?from=1&sig=a%2Bb", f"{place.url}/more?from=2", ""][number]
        if not in_header:
            return as_page([held[number]], links={"next": link or None})
        headers = {"Link": f'</rows>; rel="first", <{link}>; rel="next"'} if link else {}
        return JSONResponse({"items": [held[number]]}, headers=headers)

    place.answer = answer
    paging = {"kind": "link"} if in_header else {"kind": "link", "next": "links.next"}
    assert rows_of(pull(paging=paging, query={"day": "{day:%d/%m/%Y}"})) == held
    first = [("/rows", {"day": "02/06/2026"}), ("/rows", {"from": "1", "sig": "a+b"}), ("/more", {"from": "2"})]
    assert [(path, query) for _, path, query in place.asked] == first * 2


@pytest.mark.parametrize("link", ["http://evil.example/rows?key=1", "//evil.example/rows", "https://127.0.0.1/rows"])
def test_a_link_to_another_host_is_not_followed(pull: Pull, place: Place, link: str) -> None:
    async def answer(_: Request) -> Response:
        return JSONResponse({"items": rows(1)}, headers={"Link": f"<{link}>; rel=next"})

    place.answer = answer
    with pytest.raises(PermanentError, match=r"next page is said to be at .*, which is not 127\.0\.0\.1") as refused:
        pull(paging={"kind": "link"})
    assert "key=1" not in str(refused.value)
    assert len(place.asked) == 1


@pytest.mark.parametrize("paging", ["page", "offset"])
@pytest.mark.parametrize("has_total", [False, True])
def test_a_row_that_leaves_while_another_is_appended_loses_no_third(
    pull: Pull, place: Place, paging: str, *, has_total: bool
) -> None:
    """The total holds and no row stands twice: one reading alone shows nothing."""
    held = rows(30)
    served = Rows(place, list(held), has_total=has_total)
    served.moves[1] = served.replace_one
    delivery = pull(
        {"http_connections": 1},
        paging={"kind": paging, "parameter": paging},
        **({"total": "total"} if has_total else {}),
    )
    assert rows_of(delivery) == [*held[:3], *held[4:], {"maHoSo": "new"}]


def test_one_reading_is_what_proof_by_total_asks_for_and_what_it_can_miss(pull: Pull, place: Place) -> None:
    served = Rows(place, rows(30), has_total=True)
    assert rows_of(pull(total="total", proof="total")) == rows(30)
    assert len(place.asked) == 3
    served.moves[4] = served.replace_one
    lossy = rows_of(pull({"http_connections": 1}, total="total", proof="total"))
    assert len(lossy) == 30
    assert {"maHoSo": "H56-260602-0010"} not in lossy


def test_a_set_that_moves_in_every_reading_is_transient(pull: Pull, place: Place, work: Path) -> None:
    served = Rows(place, rows(30))
    for number in range(1, 40):
        served.moves[number] = lambda: served.held.pop(0) if len(served.held) > 20 else served.held.insert(0, {"x": 1})
    with pytest.raises(TransientError, match=r"portal_dossiers 2026-06-02: .* rows differ between two readings"):
        pull()
    assert list(work.iterdir()) == []


def test_values_that_change_with_the_hour_are_left_out_where_the_contract_says_what_counts(
    pull: Pull, place: Place
) -> None:
    async def answer(request: Request) -> Response:
        number = int(request.query_params["page"])
        now = len(place.asked)
        return as_page([{"ma": {"so": f"{number}-{row}"}, "conLai": now} for row in range(2)] if number < 4 else [])

    place.answer = answer
    with pytest.raises(TransientError, match="`row_key`"):
        pull()
    place.asked.clear()
    assert len(rows_of(pull(row_key=["ma.so"]))) == 6
    assert len(place.asked) == 8
    with pytest.raises(DataRefusedError, match=r"`ma\.khac`"):
        pull(row_key=["ma.khac"])


@pytest.mark.parametrize("send", ["form", "json"])
def test_parameters_are_sent_as_the_contract_says(pull: Pull, place: Place, send: str) -> None:
    held, sent = rows(12), []

    async def answer(request: Request) -> Response:
        asked = orjson.loads(await request.body()) if send == "json" else await fields_of(request)
        sent.append(asked)
        start = (int(asked["page"]) - 1) * SIZE
        return as_page(held[start : start + SIZE], total=12)

    place.answer = answer
    query = {"tuNgay": "{day_start:%Y-%m-%dT%H:%M:%S%z}", "denNgay": "{next_day_milliseconds}", "size": 10, "all": True}
    delivery = pull(send=send, query=query, total="total")
    assert rows_of(delivery) == held
    assert {(method, len(in_address)) for method, _, in_address in place.asked} == {("POST", 0)}
    plain = {"tuNgay": "2026-06-02T00:00:00+0700", "denNgay": "1780419600000"}
    typed: Row = {"size": 10, "all": True, "page": 1} if send == "json" else {"size": "10", "all": "true", "page": "1"}
    assert sent[0] == {**plain, **typed}
    assert delivery.source_uri.startswith(f"{place.url}/rows?tuNgay=2026-06-02T00")


def test_every_placeholder_is_the_provinces_own_time(pull: Pull, place: Place) -> None:
    Rows(place, [])
    pull(
        query={
            "a": "{day:%Y-%m-%d}T00:00:00+07:00", "b": "{day_seconds}", "c": "{next_day_seconds}",
            "d": "{day_start_utc:%Y-%m-%dT%H:%M:%SZ}", "e": "{next_day_start_utc:%Y-%m-%dT%H:%M:%SZ}",
            "f": "{last_day:%d/%m/%Y}", "g": "{day_milliseconds}",
        }
    )  # fmt: skip
    told = {
        # date -u -d '2026-06-01 17:00' +%s
        "a": "2026-06-02T00:00:00+07:00", "b": "1780333200", "c": "1780419600", "d": "2026-06-01T17:00:00Z",
        "e": "2026-06-02T17:00:00Z", "f": "02/06/2026", "g": "1780333200000", "page": "1",
    }  # fmt: skip
    assert place.asked == [("GET", "/rows", told)]
    assert DAY.key == "2026-06-02"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"proof": "total"}, "needs a `total`"),
        ({"total": "total", "paging": {"kind": "page", "parameter": "p", "full_page": 9}}, "without `total`"),
        ({"send": "json", "paging": {"kind": "link"}}, "`send` must be `query`"),
        ({"paging": {"kind": "link", "parameter": "p"}}, "parameter"),
        ({"paging": {"kind": "page", "parameter": "p", "first": 2}}, "first"),
        ({"page_parameter": "page"}, "page_parameter"),
        ({"query": {"a": 1.5}}, "query"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys: dict[str, Any], words: str) -> None:
    sound = {
        "kind": "http_pages", "connection": "sso", "path": "/", "query": {}, "rows": "items",
        "paging": {"kind": "page", "parameter": "page"},
    }  # fmt: skip
    HttpPages.model_validate(sound)
    with pytest.raises(ValidationError, match=words):
        HttpPages.model_validate({**sound, **keys})
