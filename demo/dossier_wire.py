"""How the portal writes dossiers down: its own headings, codes, date texts and personal fields.

What a dossier's state is belongs to `demo.dossiers`; faults are put in afterwards, by `demo.bad_rows`. About one agency
code in thirty is still written in the old form that is read from right to left, as real portals do.
"""

from __future__ import annotations

import polars as pl

from demo import people
from demo.units import Units

OLD_CODE_SHARE, LOCAL_PROCEDURE_SHARE, SAME_PERSON_SHARE, EMAIL_SHARE = 3, 20, 80, 60
LOCAL_SUFFIX = ".000.00.00.H56"
PORTAL_TIME = "%d/%m/%Y %H:%M:%S"

EVENT_HEADINGS = {
    "ngayNop": "submitted", "ngayTiepNhan": "received", "ngayHenTra": "due", "ngayKetThuc": "finished",
    "ngayTra": "returned", "ngayTuChoi": "refused", "ngayRut": "withdrawn", "ngayDung": "stopped",
}  # fmt: skip
SUPPLEMENT_HEADINGS = {"ngayYeuCauBoSung": "supplement_1_requested", "ngayNhanBoSung": "supplement_1_received"}
FLAG_HEADINGS = {
    "xacThucVNeID": "vneid", "soHoaThanhPhan": "components_digitised", "taiSuDungDuLieu": "components_reused",
    "ketQuaDienTu": "electronic_result",
}  # fmt: skip


def as_items(dossiers: pl.DataFrame, units: Units, procedures: pl.DataFrame) -> pl.DataFrame:
    """The dossiers as the portal's JSON items, one column a heading, texts, numbers and flags typed as in the JSON.

    Args:
        dossiers: Rows as `demo.dossiers.state_as_of` gives them.
        units: The unit registry that the rows' unit numbers point into.
        procedures: The procedures that the rows' procedure numbers point into.
    """
    person, dice = pl.col("person"), (pl.col("person") // 1_000) % 100
    agency = pl.lit(units.codes).gather(pl.col("unit"))
    old_agency = pl.lit(old_forms(units.codes)).gather(pl.col("unit"))
    procedure = pl.lit(procedures["procedure_code"]).gather(pl.col("procedure"))
    owner = pl.when(dice < SAME_PERSON_SHARE).then(people.full_name(person)).otherwise(people.full_name(person // 7))
    procedure_name = pl.lit(procedures["procedure_name_vi"]).gather(pl.col("procedure"))
    return dossiers.select(
        dossier_code(units).alias("maHoSo"),
        pl.when(dice < LOCAL_PROCEDURE_SHARE).then(procedure + LOCAL_SUFFIX).otherwise(procedure).alias("maTTHC"),
        procedure_name.alias("tenTTHC"),
        pl.lit(procedures["field_name_vi"]).gather(pl.col("procedure")).alias("linhVuc"),
        pl.when((person // 77) % 100 < OLD_CODE_SHARE).then(old_agency).otherwise(agency).alias("maDonVi"),
        pl.col("channel").alias("kenhNop"),
        pl.col("service_level").alias("mucDoDVC"),
        pl.col("applicant_type").alias("loaiChuHoSo"),
        pl.col("status").alias("trangThai"),
        *(_text(event).alias(heading) for heading, event in EVENT_HEADINGS.items()),
        pl.col("supplement_count").alias("soLanBoSung"),
        *(_text(event).alias(heading) for heading, event in SUPPLEMENT_HEADINGS.items()),
        pl.col("result_form").alias("hinhThucTra"),
        pl.col("fee").alias("phi"),
        pl.col("charge").alias("lePhi"),
        pl.col("payment").alias("thanhToanTrucTuyen"),
        *(pl.col(flag).cast(pl.Boolean).alias(heading) for heading, flag in FLAG_HEADINGS.items()),
        pl.col("synchronised").is_not_null().alias("dongBoQuocGia"),
        _text("updated").alias("ngayCapNhat"),
        people.full_name(person).alias("nguoiNop"),
        owner.alias("chuHoSo"),
        people.phone_number(person).alias("soDienThoai"),
        pl.when(dice < EMAIL_SHARE).then(people.email_address(person)).alias("email"),
        people.identity_number(person).alias("soDinhDanh"),
        people.address(person, pl.lit(units.names).gather(pl.col("unit"))).alias("diaChi"),
        pl.concat_str(procedure_name, pl.lit(" của ông/bà "), owner).alias("trichYeu"),
    )


def dossier_code(units: Units) -> pl.Expr:
    """The dossier code: agency code, day of submission, and the unit's counter of that day."""
    day = (pl.col("cohort_day").cast(pl.Int64) * 86_400_000_000).cast(pl.Datetime("us")).dt.strftime("%y%m%d")
    counter = pl.col("counter").cast(pl.String).str.zfill(4)
    return pl.concat_str(pl.lit(units.codes).gather(pl.col("unit")), day, counter, separator="-")


def old_forms(codes: pl.Series) -> pl.Series:
    """The agency codes in the older form: `H56.12.03` becomes `000.03.12.H56`, `H56.12` becomes `000.00.12.H56`."""
    return pl.Series(values=[old_form(code) for code in codes])


def old_form(code: str) -> str:
    """One agency code in the older form, which is read from right to left and filled up to four groups."""
    groups = code.split(".")[::-1]
    padding = ["000"] + ["00"] * max(0, 3 - len(groups))
    return ".".join(padding + groups)


def _text(moment: str) -> pl.Expr:
    return (pl.col(moment).cast(pl.Int64) * 1_000_000).cast(pl.Datetime("us")).dt.strftime(PORTAL_TIME)
