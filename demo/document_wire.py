"""The files that the document system writes of a day: exchange statuses as CSV, the register as a workbook.

Which documents travel belongs to `demo.documents`. The exchange begins on the province's first day, so statuses of
documents sent before it are in no file. Text, headings and order are those of the real exports.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from demo.calendar import DAY_SECONDS, day_number, days, start_of
from demo.documents import EXCHANGE_DAYS, KINDS, STATUS, STATUSES, URGENCIES, Batch, Documents, symbols
from demo.dossier_wire import PORTAL_TIME
from demo.people import GIVEN_NAMES
from demo.seeding import generator
from demo.units import Units
from demo.workbooks import Cell, Sheet, as_xlsx

REGISTERED_SHARE: Final = 0.33
SIGNED_FOR_SHARE: Final = 0.4
CORRECTION_ROWS: Final = 60
MOST_VANISHED, LARGEST_VANISHED_SHARE = 10, 0.05
CORRECTION_HOUR: Final = 17 * 3_600 + 1_800
REGISTER_HEADINGS: Final = (
    "Ngày đến", "Số đến", "Tác giả", "Số, ký hiệu văn bản", "Ngày tháng năm văn bản",
    "Tên loại và trích yếu nội dung văn bản", "Đơn vị hoặc người nhận văn bản", "Ký nhận", "Ghi chú", "Loại văn bản",
    "Độ khẩn", "Lĩnh vực", "Xử lý chính",
)  # fmt: skip
FIELDS: Final = ("Nội vụ", "Tài chính", "Đất đai", "Y tế", "Giáo dục", "Chuyển đổi số", "Nông nghiệp")


def exchange_events(documents: Documents, first_day: date, day: date) -> dict[date, pl.DataFrame]:
    """The statuses set on the day, by the day on which the deliveries were sent."""
    start = start_of(day)
    since = max(first_day, day - timedelta(days=EXCHANGE_DAYS))
    return {
        sent_on: documents.batch(sent_on).events.filter((pl.col("at") >= start) & (pl.col("at") < start + DAY_SECONDS))
        for sent_on in days(since, day)
    }


def correction(documents: Documents, seed: int, day: date) -> pl.DataFrame:
    """The statuses that a corrected file of the day adds: deliveries that were completed after all."""
    events, limit = documents.batch(day).events, start_of(day) + CORRECTION_HOUR
    done = events.filter(pl.col("status") == STATUS["06"])["delivery"]
    open_ones = events.filter(
        (pl.col("status") == STATUS["03"]) & (pl.col("packet") == 1) & (pl.col("at") < limit)
        & ~pl.col("delivery").is_in(done.implode())
    )  # fmt: skip
    chosen = generator(seed, "correction", day).permutation(len(open_ones))[:CORRECTION_ROWS]
    return open_ones[np.sort(chosen)].with_columns(
        status=pl.lit(STATUS["06"], dtype=pl.Int8), at=pl.lit(limit, dtype=pl.Int32)
    )


def without_vanished(documents: Documents, seed: int, day: date) -> pl.DataFrame:
    """The statuses of what was sent on the day, less those of the day itself of a few deliveries."""
    events = documents.batch(day).events
    deliveries = np.sort(events["delivery"].unique().to_numpy())
    count = min(MOST_VANISHED, int(len(deliveries) * LARGEST_VANISHED_SHARE))
    gone = generator(seed, "vanished", day).permutation(deliveries)[:count]
    is_gone = pl.col("delivery").is_in(gone) & (pl.col("at") < start_of(day) + DAY_SECONDS)
    return events.filter(~is_gone)


def exchange_rows(
    documents: Documents, first_day: date, day: date, revised: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The rows of the day's exchange file in the order of time, one column a heading, all text.

    Args:
        documents: The traffic.
        first_day: The day on which the exchange began.
        day: The day of the file.
        revised: The statuses of what was sent on the day, where they are others than its batch's.
    """
    found = exchange_events(documents, first_day, day)
    if revised is not None:
        found[day] = revised.filter(pl.col("at") < start_of(day) + DAY_SECONDS)
    parts = [_written(documents, sent_on, events) for sent_on, events in found.items()]
    return pl.concat(parts).sort("at", maintain_order=True).drop("at")


def _written(documents: Documents, sent_on: date, events: pl.DataFrame) -> pl.DataFrame:
    """The statuses of one batch as they stand in a file."""
    batch, units = documents.batch(sent_on), documents.units
    table = batch.documents.hstack(symbols(batch, units)).with_columns(
        sender_code=pl.lit(units.codes).gather(pl.col("sender")),
        written_on=(pl.lit(sent_on) - pl.duration(days=pl.col("age_days").cast(pl.Int64))).dt.strftime("%Y/%m/%d"),
    )
    delivery = batch.deliveries[events["delivery"]]
    document = table[delivery["document"]]
    return document.select(
        pl.concat_str(
            pl.lit(f"GT{sent_on:%y%m%d}-"),
            events["delivery"].cast(pl.String).str.zfill(7),
            pl.lit("-"),
            events["packet"].cast(pl.String),
        ).alias("MaGoiTin"),
        pl.concat_str("sender_code", "written_on", "symbol", separator=",").alias("MaVanBan"),
        pl.col("symbol").alias("SoKyHieu"),
        pl.col("kind_name").alias("LoaiVanBan"),
        pl.col("business_type").cast(pl.String).alias("LoaiNghiepVu"),
        pl.col("sender_code").alias("DonViGui"),
        units.codes.gather(delivery["recipient"]).alias("DonViNhan"),
        pl.Series(["", *STATUSES[1:]]).gather(events["status"]).alias("TrangThai"),
        (events["at"].cast(pl.Int64) * 1_000_000).cast(pl.Datetime("us")).dt.strftime(PORTAL_TIME).alias("ThoiGian"),
        pl.lit("").alias("DoMat"),
        pl.lit(pl.Series(URGENCIES)).gather(pl.col("urgency")).alias("DoKhan"),
        events["at"].alias("at"),
    )


def exchange_csv(rows: pl.DataFrame) -> bytes:
    """The rows as the system's CSV: `;` between fields, a byte order mark, empty for what is empty."""
    return rows.write_csv(separator=";", include_bom=True, quote_style="never").encode()


def register_rows(documents: Documents, seed: int, day: date) -> pl.DataFrame:
    """The documents entered in the register on the day: number, sender (unit number), and each cell's text."""
    random, units, batch = generator(seed, "register", day), documents.units, documents.batch(day)
    named = units.uniquely_named(day)
    table = (
        batch.documents.hstack(symbols(batch, units))
        .with_row_index("document")
        .filter(pl.Series(random.random(len(batch.documents)) < REGISTERED_SHARE) & pl.col("sender").is_in(named))
        .join(_recipients(batch, units, named), on="document", maintain_order="left")
    )
    first_number = day.timetuple().tm_yday * 2_000 * max(1, round(documents.scale))
    count = len(table)
    person = pl.Series([GIVEN_NAMES[number] for number in random.integers(0, len(GIVEN_NAMES), count)], dtype=pl.String)
    field = pl.Series([FIELDS[number] for number in random.integers(0, len(FIELDS), count)], dtype=pl.String)
    return table.select(
        pl.col("sender"),
        pl.lit(f"{day:%d/%m/%Y}").alias("arrived"),
        (pl.int_range(pl.len()) + first_number).alias("number"),
        pl.lit(units.names).gather(pl.col("sender")).alias("author"),
        "symbol",
        (pl.lit(day) - pl.duration(days=pl.col("age_days").cast(pl.Int64))).dt.strftime("%d/%m/%Y").alias("dated"),
        (pl.col("kind_name") + " về việc triển khai công tác " + field.str.to_lowercase()).alias("summary"),
        "recipients",
        pl.when(pl.Series(random.random(count) < SIGNED_FOR_SHARE)).then(pl.lit("Đ/c ") + person).alias("signature"),
        pl.lit(None, dtype=pl.String).alias("note"),
        pl.lit(pl.Series([name for name, _ in KINDS])).gather(pl.col("kind")).alias("kind_name"),
        pl.lit(pl.Series(URGENCIES)).gather(pl.col("urgency")).alias("urgency_name"),
        field.alias("field"),
        "handler",
    )


def register_workbook(
    rows: pl.DataFrame, day: date, *, is_heading_changed: bool = False, has_mixed_dates: bool = False
) -> bytes:
    """The register's workbook of the day, with the faults asked for.

    Args:
        rows: What `register_rows` gives.
        day: The day of arrival.
        is_heading_changed: Whether `Số đến` is called something else.
        has_mixed_dates: Whether every third document date is a real Excel date instead of text.
    """
    headings = ["Số thứ tự đến" if is_heading_changed and name == "Số đến" else name for name in REGISTER_HEADINGS]
    title = f"Sổ lưu cấp số văn bản đến: SỔ VĂN BẢN ĐẾN NĂM {day.year}"
    sheet = Sheet(rows=[[title], [], headings], merged=[(0, 0, 0, len(headings) - 1)])
    dated = rows.columns.index("dated") - 1
    for number, (_, *row) in enumerate(rows.iter_rows()):
        cells: list[Cell] = list(row)
        if has_mixed_dates and number % 3 == 0:
            cells[dated] = day
        sheet.rows.append(cells)
    return as_xlsx(sheet, day)


def _recipients(batch: Batch, units: Units, named: np.typing.NDArray[np.int64]) -> pl.DataFrame:
    """Per document the recipients' names joined by `; `, and the first whose name is nobody else's as its handler."""
    name = pl.lit(units.names).gather(pl.col("recipient"))
    return (
        batch.deliveries.with_columns(name=name, is_clear=pl.col("recipient").is_in(named))
        .group_by("document", maintain_order=True)
        .agg(
            pl.col("name").str.join("; ").alias("recipients"),
            pl.col("name").filter("is_clear").first().alias("handler"),
        )
        .with_columns(pl.col("document").cast(pl.UInt32))
    )


def register_counts(rows: pl.DataFrame, day: date) -> pl.DataFrame:
    """How many documents of each author the register of the day holds: unit, day (number), count."""
    return (
        rows.group_by(pl.col("sender").alias("unit"))
        .agg(pl.len().alias("count"))
        .with_columns(day=pl.lit(day_number(day)))
    )
