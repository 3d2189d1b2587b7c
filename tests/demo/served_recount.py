"""Counts the indicators again, in plain Python, from nothing but what the demo province serves.

It stands in for a pipeline that makes no mistake: it drops exact repeats, sets wrong and contradicting rows aside,
keeps the newest record of a key, and counts by the words of `indicators.csv`. It shares no code with the generator.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import fastexcel
import httpx

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "dbt_project" / "seeds"
DOSSIER = re.compile(
    r"^(H56(\.[0-9]{2,3}){0,3}|000(\.[0-9]{2,3}){1,3}\.H56|M[0-9]{2}(\.[0-9]{2,3}){0,3})-[0-9]{6}-([A-Z]{2})?[0-9]{4,}$"
)
DOCUMENT = re.compile(r"^[A-Z0-9.]+,[0-9]{4}/[0-9]{2}/[0-9]{2},[0-9]+/.+$")
PROCEDURE = re.compile(r"^\d\.\d{6}(\.000\.00\.00\.H56)?$")
STATUSES = {"", "00", "01", "02", "03", "04", "05", "06", "13", "15", "16", "100", "200", "300"}
PROVINCE = "H56"
SCALE = 0.01
LAST_MOMENT = time(23, 59, 59)
EXCHANGE_TIME = timedelta(days=46)
NEVER = datetime(1, 1, 1)  # noqa: DTZ001  (local clock)

Row = dict[str, object]
Figures = dict[tuple[str, str, str], tuple[float, float | None]]


def read(name: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# The newest validity of a code, which stands last by its first day.
UNITS = {row["unit_code"]: row for row in sorted(read("units.csv"), key=lambda row: row["valid_from"])}
MAXIMUM_DAYS = {row["procedure_code"]: int(row["maximum_working_days"]) for row in read("procedures.csv")}
HOLIDAYS = {date.fromisoformat(row["holiday_date"]): row["is_working_day"] == "true" for row in read("holidays.csv")}


@dataclass
class Tally:
    """Numerators and denominators by indicator, unit and day; the province's row is their sum."""

    shares: defaultdict[tuple[str, str, date], list[float]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    counts: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    month_shares: defaultdict[tuple[str, str, str], list[float]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    documents: defaultdict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    things: defaultdict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    things_in: defaultdict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def share(self, code: str, unit: str, day: date, *, is_in: object) -> None:
        """One more in the denominator, and in the numerator if it is in."""
        self.amount(code, unit, day, float(bool(is_in)))

    def amount(self, code: str, unit: str, day: date, amount: float) -> None:
        """One more in the denominator, and so much in the numerator."""
        for who in {unit, PROVINCE}:
            pair = self.shares[code, who, day]
            pair[0] += amount
            pair[1] += 1

    def share_of_month(self, code: str, unit: str, day: date, *, is_in: object) -> None:
        """The same, of an indicator that is counted by the month."""
        for who in {unit, PROVINCE}:
            pair = self.month_shares[code, who, f"{day:%Y%m}"]
            pair[0] += bool(is_in)
            pair[1] += 1

    def thing(self, code: str, unit: str, day: date, name: str, *, is_in: object) -> None:
        """A thing of a month that is in if it is once, and that is one in the province however many units tell of it."""
        for who in {unit, PROVINCE}:
            self.things[code, who, f"{day:%Y%m}"].add(name)
            if is_in:
                self.things_in[code, who, f"{day:%Y%m}"].add(name)

    def document(self, code: str, unit: str, day: date, name: str) -> None:
        """A thing that counts once a month, however often it is told."""
        for who in {unit, PROVINCE}:
            self.documents[code, who, f"{day:%Y%m}"].add(name)

    def count(self, code: str, unit: str, day: date, amount: int = 1) -> None:
        """So many more."""
        for who in {unit, PROVINCE}:
            self.counts[code, who, day] += amount

    def figures(self, first: date, last: date, of_last_day: Iterable[str]) -> Figures:
        """Everything from first to last, by day and by month."""
        inside = {key: (pair[0], pair[1]) for key, pair in self.shares.items() if first <= key[2] <= last}
        daily: dict[tuple[str, str, date], tuple[float, float | None]] = {**inside}
        daily |= {key: (n, None) for key, n in self.counts.items() if first <= key[2] <= last and n}
        found: Figures = {(code, unit, day.isoformat()): pair for (code, unit, day), pair in daily.items()}
        last_days: dict[tuple[str, str], date] = {}
        for code, _, day in daily:
            month = f"{day:%Y%m}"
            last_days[code, month] = max(day, last_days.get((code, month), day))
        for (code, unit, day), (numerator, denominator) in daily.items():
            month = f"{day:%Y%m}"
            if code in of_last_day and day != last_days[code, month]:
                continue
            old = found.get((code, unit, month), (0.0, None if denominator is None else 0.0))
            total = None if denominator is None else (old[1] or 0) + denominator
            found[code, unit, month] = (old[0] + numerator, total)
        found |= {key: (pair[0], pair[1]) for key, pair in self.month_shares.items()}
        found |= {key: (len(names), None) for key, names in self.documents.items()}
        for key, names in self.things.items():
            found[key] = (len(names & self.things_in[key]), len(names))
        return {key: (round(numerator, 4), denominator) for key, (numerator, denominator) in found.items()}


def normalised(code: str) -> str | None:
    """An agency code in today's form, or None if no unit bears it."""
    groups = code.split(".")
    if groups[-1] == PROVINCE and len(groups) > 1:
        groups = groups[::-1]
        while groups[-1] in {"00", "000"}:
            groups.pop()
    joined = ".".join(groups)
    return joined if joined in UNITS else None


def moment(text: object) -> datetime | None:
    """A portal time; an unreadable one raises ValueError."""
    return datetime.strptime(str(text), "%d/%m/%Y %H:%M:%S") if text else None  # noqa: DTZ007


def after_working_days(day: date, number: int) -> date:
    """The day that is so many working days later."""
    while number:
        day += timedelta(days=1)
        number -= HOLIDAYS.get(day, day.weekday() < 5)
    return day


def settled_apart(
    rows: list[Row], key: Callable[[Row], object], is_good: Callable[[Row], bool]
) -> tuple[list[Row], int, int]:
    """The rows to accept, how many to quarantine, and how many exact repeats there are."""
    distinct = {tuple(row.items()): row for row in rows}
    good = [row for row in distinct.values() if is_good(row)]
    same_key = Counter(key(row) for row in good)
    accepted = [row for row in good if same_key[key(row)] == 1]
    return accepted, len(distinct) - len(accepted), len(rows) - len(distinct)


def is_good_dossier(row: Row) -> bool:
    """Whether the contract and its cross-column rule let the dossier pass."""
    times = ("ngayNop", "ngayTiepNhan", "ngayHenTra", "ngayKetThuc", "ngayTra", "ngayTuChoi", "ngayRut", "ngayDung")
    try:
        read_times = {name: moment(row[name]) for name in times}
    except ValueError:
        return False
    received, finished = read_times["ngayTiepNhan"], read_times["ngayKetThuc"]
    return (
        bool(DOSSIER.match(str(row["maHoSo"])))
        and bool(PROCEDURE.match(str(row["maTTHC"])))
        and bool(row["maTTHC"])
        and normalised(str(row["maDonVi"])) is not None
        and row["trangThai"] in range(1, 11)
        and int(str(row["phi"])) >= 0
        and not (received and finished and finished < received)
    )


def is_good_exchange(row: Row) -> bool:
    """Whether the contract lets the status row pass."""
    try:
        at = moment(row["ThoiGian"]) or NEVER
    except ValueError:
        return False
    sent_on = datetime.strptime(str(row["MaGoiTin"])[2:8], "%y%m%d")  # noqa: DTZ007
    return (
        bool(DOCUMENT.match(str(row["MaVanBan"])))
        and at < sent_on + EXCHANGE_TIME
        and normalised(str(row["DonViNhan"])) is not None
        and row["TrangThai"] in STATUSES
        and not row["DoMat"]
    )


def count_dossiers(tally: Tally, exports: Mapping[str, list[Row]], days: list[date]) -> None:
    """Every portal indicator, from the opening balance and the days' exports."""
    covered = [day for day in days if day.isoformat() in exports]
    newest: dict[object, Row] = {}
    for rows in exports.values():
        for row in settled_apart(rows, lambda row: (row["maHoSo"], row["ngayCapNhat"]), is_good_dossier)[0]:
            old = newest.setdefault(row["maHoSo"], row)
            if (moment(row["ngayCapNhat"]) or NEVER) >= (moment(old["ngayCapNhat"]) or NEVER):
                newest[row["maHoSo"]] = row
    for row in newest.values():
        count_dossier(tally, row, days)
        count_progress(tally, row, covered)
        count_procedure(tally, row, covered)


def count_dossier(tally: Tally, row: Row, days: list[date]) -> None:
    """What one dossier adds to each portal indicator."""
    unit, status = normalised(str(row["maDonVi"])) or "", row["trangThai"]
    at = {name: moment(row[name]) for name in row if name.startswith("ngay")}
    received, due, finished = at["ngayTiepNhan"], at["ngayHenTra"], at["ngayKetThuc"]
    if received is None or status in {1, 3}:
        return
    day = received.date()
    tally.count("portal_received", unit, day)
    tally.share("portal_online", unit, day, is_in=row["kenhNop"] == 2)
    if row["kenhNop"] != 2 or row["mucDoDVC"] is not None:
        tally.share("portal_fully_online", unit, day, is_in=row["kenhNop"] == 2 and row["mucDoDVC"] == 4)
    may_be_online, may_be_electronic = row["kenhNop"] in {2, None}, row["ketQuaDienTu"] in {True, None}
    may_count = may_be_online and (may_be_electronic or status not in {9, 10})
    tally.share("portal_online_with_result", unit, day, is_in=may_count)
    if int(str(row["phi"])) + int(str(row["lePhi"])) > 0 and row["thanhToanTrucTuyen"] is not None:
        tally.share("portal_paid_online", unit, day, is_in=row["thanhToanTrucTuyen"] in {1, 2})
    for code, flag in (
        ("portal_vneid", "xacThucVNeID"),
        ("portal_components_reused", "taiSuDungDuLieu"),
        ("portal_synchronised", "dongBoQuocGia"),
    ):
        if row[flag] is not None:
            tally.share(code, unit, day, is_in=row[flag])
    ended = finished if status in {9, 10} else at["ngayRut"] if status == 7 else None
    if ended:
        is_in_time = status == 7 or due is None or ended.date() <= due.date()
        tally.count("portal_settled", unit, ended.date())
        tally.share("portal_settled_on_time_local", unit, ended.date(), is_in=is_in_time)
    for today in days:
        if day <= today and (ended is None or ended.date() > today):
            is_late = status not in {5, 6, 8} and due is not None and due.date() < today
            tally.share("portal_open_late", unit, today, is_in=is_late)
    if status in {9, 10} and finished:
        count_result(tally, row, unit, finished.date())
    count_national(tally, row, unit, at)


def count_procedure(tally: Tally, row: Row, covered: list[date]) -> None:
    """What a dossier says of its procedure (without the local ending), if it came on a covered day and had to be paid."""
    received = moment(row["ngayTiepNhan"])
    is_counted = received is not None and received.date() in covered and row["trangThai"] not in {1, 3}
    is_told = row["thanhToanTrucTuyen"] is not None
    if received is not None and is_counted and is_told and int(str(row["phi"])) + int(str(row["lePhi"])) > 0:
        unit, is_paid = normalised(str(row["maDonVi"])) or "", row["thanhToanTrucTuyen"] in {1, 2}
        tally.thing("portal_fee_procedures", unit, received.date(), str(row["maTTHC"])[:8], is_in=is_paid)


def count_result(tally: Tally, row: Row, unit: str, day: date) -> None:
    """What a finished dossier adds to the indicators of electronic results."""
    if row["ketQuaDienTu"] is not None:
        tally.share("portal_electronic_result", unit, day, is_in=row["ketQuaDienTu"])
        if row["soHoaThanhPhan"] is not None:
            is_in = row["ketQuaDienTu"] and row["soHoaThanhPhan"]
            tally.share("portal_components_and_result_digitised", unit, day, is_in=is_in)


def national_end(at: Mapping[str, datetime | None]) -> datetime | None:
    """When the dossier came to its end by QĐ 766."""
    ends = ("ngayTuChoi", "ngayDung", "ngayKetThuc", "ngayTra", "ngayRut")
    return next((at[name] for name in ends if at[name]), None)


def national_due(row: Row, at: Mapping[str, datetime | None], received: datetime) -> datetime:
    """When the dossier is due by QĐ 766."""
    latest = after_working_days(received.date(), MAXIMUM_DAYS[str(row["maTTHC"])[:8]])
    return at["ngayHenTra"] or datetime.combine(latest, LAST_MOMENT)


def waiting_until(end: datetime, at: Mapping[str, datetime | None]) -> timedelta:
    """How much of the time until then the dossier waited for its supplement."""
    asked, given = at["ngayYeuCauBoSung"], at["ngayNhanBoSung"]
    return max(min(given or end, end) - asked, timedelta()) if asked else timedelta()


def count_national(tally: Tally, row: Row, unit: str, at: dict[str, datetime | None]) -> None:
    """What a dossier adds to the national on-time share, if it has come to an end."""
    received, national = at["ngayTiepNhan"], national_end(at)
    if national and received:
        handled_until = national - waiting_until(national, at)
        is_in_time = int(str(row["soLanBoSung"])) <= 1 and handled_until <= national_due(row, at, received)
        tally.share("portal_finished_on_time_national", unit, national.date(), is_in=is_in_time)


def count_progress(tally: Tally, row: Row, covered: list[date]) -> None:
    """What a dossier adds to part 2.1 of the month in which it was received, on one of the days that are covered."""
    at = {name: moment(row[name]) for name in row if name.startswith("ngay")}
    received = at["ngayTiepNhan"]
    if received is None or received.date() not in covered:
        return
    month = (received.year, received.month)
    ended = datetime.combine(max(day for day in covered if (day.year, day.month) == month), LAST_MOMENT)
    judged = min(national_end(at) or ended, ended)
    handled_until = judged - waiting_until(judged, at)
    is_in_time = int(str(row["soLanBoSung"])) <= 1 and handled_until <= national_due(row, at, received)
    unit = normalised(str(row["maDonVi"])) or ""
    tally.share_of_month("portal_on_time_qd766", unit, received.date(), is_in=is_in_time)


def count_exchanges(tally: Tally, files: list[bytes]) -> None:
    """The deliveries by sender and recipient."""
    first: dict[tuple[str, str], datetime] = {}
    sender: dict[tuple[str, str], str] = {}
    reached: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    packets: defaultdict[tuple[str, str], set[object]] = defaultdict(set)
    for content in files:
        for row in settled_apart(exchange_rows(content), exchange_key, is_good_exchange)[0]:
            key = (str(row["MaVanBan"]), normalised(str(row["DonViNhan"])) or "")
            at = moment(row["ThoiGian"]) or NEVER
            if not row["TrangThai"]:
                first[key] = min(at, first.get(key, at))
            sender[key] = normalised(str(row["DonViGui"])) or ""
            reached[key].add(str(row["TrangThai"]))
            packets[key].add(row["MaGoiTin"])
    for key, at in first.items():
        tally.count("document_sent", sender[key], at.date())
        tally.share("document_received", key[1], at.date(), is_in=reached[key] & {"03", "04", "05", "06"})
        tally.share("document_completed", key[1], at.date(), is_in="06" in reached[key])
        tally.share("document_resent", key[1], at.date(), is_in=len(packets[key]) > 1)
        tally.document("document_documents_sent", sender[key], at.date(), key[0])


def exchange_rows(content: bytes) -> list[Row]:
    """The rows of an exchange file."""
    return [{**row} for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")]


def exchange_key(row: Row) -> tuple[object, ...]:
    """What tells status rows apart."""
    return tuple(row[name] for name in ("MaVanBan", "DonViNhan", "MaGoiTin", "TrangThai", "ThoiGian"))


def sheet_rows(content: bytes) -> list[tuple[str | None, ...]]:
    """The cells of a workbook's only sheet, as texts."""
    sheet = fastexcel.read_excel(content).load_sheet(0, header_row=None, dtypes="string")
    return [tuple(row) for row in sheet.to_polars().iter_rows()]


def count_register(tally: Tally, content: bytes, day: date) -> None:
    """The documents of a register by author; a register whose headings are not the known ones is left out."""
    rows = [row for row in sheet_rows(content) if any(row)]
    if len(rows) < 2 or rows[1][1] != "Số đến":
        return
    by_name = {unit["unit_name_vi"]: code for code, unit in UNITS.items() if unit["valid_to"] == ""}
    if len(rows) > 2 and "/" not in str(rows[2][4]):
        return
    for row in rows[2:]:
        assert row[0] == f"{day:%d/%m/%Y}"
        if str(row[2]) in by_name:
            tally.count("document_registered", by_name[str(row[2])], day)


def pages(
    client: httpx.Client, headers: dict[str, str], query: Mapping[str, str], page_size: int = 1_000
) -> tuple[list[Row], int]:
    """All items of a question to the portal, page by page, and the total it claims."""
    items: list[Row] = []
    page = 1
    while True:
        answer = client.get("/api/v1/dossiers", params={**query, "page": page, "page_size": page_size}, headers=headers)
        if answer.status_code == 500:
            continue
        if answer.status_code == 404:
            return [], 1
        assert answer.status_code == 200, answer.text
        found = answer.json()
        items += found["items"]
        if len(found["items"]) < page_size:
            return items, found["total"]
        page += 1
