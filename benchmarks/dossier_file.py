"""The file that all contestants read: dossiers as CSV, in the portal's own headings."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.contracts import Contract, Format, read_contract
from pipelines.settings import SEEDS, SOURCES

MOMENT = "%d/%m/%Y %H:%M:%S"
# One row in a hundred has a fault that its reader must name.
BAD_SHARE = 0.01
DONE_SHARE = 0.8


def csv_contract() -> Contract:
    """The contract of portal_dossiers, read from CSV: a layout is a contract, not code."""
    contract = read_contract(SOURCES / "portal" / "portal_dossiers.yaml")
    return contract.model_copy(update={"format": Format(kind="csv"), "max_quarantine_share": 0.05})


def write_dossiers(file: Path, rows: int, seed: int = 56) -> None:
    """Writes `rows` dossiers with personal data that is obviously made up."""
    random = np.random.default_rng(seed)
    units = pl.read_csv(SEEDS / "units.csv", infer_schema=False).filter(pl.col("valid_to").is_null())["unit_code"]
    procedures = pl.read_csv(SEEDS / "procedures.csv", infer_schema=False)
    unit = units.gather(random.integers(0, len(units), rows))
    procedure = random.integers(0, len(procedures), rows)
    submitted = pl.Series(random.integers(0, 300 * 86400, rows)) * 1_000_000
    start = pl.lit(datetime(2026, 1, 2))  # noqa: DTZ001  (naive local times, as the portal writes them)
    frame = pl.DataFrame(
        {"maDonVi": unit, "n": np.arange(rows), "s": submitted, "is_bad": random.random(rows) < BAD_SHARE,
         "kenhNop": random.choice(["1", "2", "2", "3", ""], rows), "done": random.random(rows) < DONE_SHARE}
    ).with_columns(submitted=start + pl.col("s").cast(pl.Duration("us")))  # fmt: skip

    def after(hours: int) -> pl.Expr:
        return (pl.col("submitted") + timedelta(hours=hours)).dt.strftime(MOMENT)

    def when_done(expression: pl.Expr) -> pl.Expr:
        return pl.when(pl.col("done")).then(expression)

    flag = pl.lit("true")
    frame.select(
        maHoSo=pl.format(
            "{}-{}-{}", "maDonVi", pl.col("submitted").dt.strftime("%y%m%d"), pl.col("n").cast(pl.String).str.zfill(7)
        ),
        maTTHC=procedures["procedure_code"].gather(procedure),
        tenTTHC=procedures["procedure_name_vi"].gather(procedure),
        linhVuc=procedures["field_name_vi"].gather(procedure),
        maDonVi="maDonVi",
        kenhNop=pl.when(pl.col("is_bad")).then(pl.lit("7")).otherwise("kenhNop"),
        mucDoDVC=pl.lit("4"),
        loaiChuHoSo=pl.lit("1"),
        trangThai=pl.when(pl.col("done")).then(pl.lit("9")).otherwise(pl.lit("4")),
        ngayNop=after(0),
        ngayTiepNhan=after(1),
        ngayHenTra=after(121),
        ngayKetThuc=when_done(after(90)),
        ngayTra=when_done(after(100)),
        ngayTuChoi=pl.lit(""),
        ngayRut=pl.lit(""),
        ngayDung=pl.lit(""),
        soLanBoSung=pl.lit("0"),
        ngayYeuCauBoSung=pl.lit(""),
        ngayNhanBoSung=pl.lit(""),
        hinhThucTra=pl.lit("2"),
        phi=pl.lit("50000"),
        lePhi=pl.lit("0"),
        thanhToanTrucTuyen=pl.lit("1"),
        xacThucVNeID=flag,
        soHoaThanhPhan=flag,
        taiSuDungDuLieu=pl.lit("false"),
        ketQuaDienTu=flag,
        dongBoQuocGia=flag,
        ngayCapNhat=after(101),
        nguoiNop=pl.lit("Nguyễn Văn Thử"),
        chuHoSo=pl.lit("Trần Thị Mẫu"),
        soDienThoai=pl.lit("0900000000"),
        email=pl.lit("thu@example.vn"),
        soDinhDanh=pl.lit("038000000000"),
        diaChi=pl.lit("Số 1 đường Mẫu, phường Hạc Thành"),
        trichYeu=pl.lit("Hồ sơ thử nghiệm, không có thật"),
    ).write_csv(file)
