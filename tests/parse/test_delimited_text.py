"""Delimited text as systems really write it: titles, repeated headings, blank columns, totals, any line end, quotes."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DataRefusedError
from pipelines.parse.texts.delimited import LONGEST_LINE, read_csv
from tests.parse.parse_help import column, contract, numbers, read, reasons, values, write

SEMICOLONS = {"kind": "csv", "delimiter": ";"}
TWO = contract([column("ma", nullable=False, required=True), column("so", "integer", required=True)], format=SEMICOLONS)
PLAIN = contract([column("ma"), column("so", "integer")], format={**SEMICOLONS, "quote": ""})
TOTALLED = contract([column("ma"), column("so", "integer")], format={**SEMICOLONS, "total_labels": ["Tổng cộng"]})


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("at_end", ["ended", "open"])
def test_title_rows_stand_above_the_heading_whatever_ends_a_line(end: bytes, at_end: str, tmp_path: Path) -> None:
    lines = [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM".encode(), b"", "Sổ văn bản đến; năm 2026;;".encode(), b";", b"ma;so",
        b"A;1", b"", b"B;x", b"C;3",
    ]  # fmt: skip
    parsed = read(write(tmp_path / "a.csv", end.join(lines) + (end if at_end == "ended" else b"")), TWO)
    assert parsed.rows.frame().rows() == [(6, "A", 1), (9, "C", 3)]
    assert reasons(parsed) == {8: ["so: not a readable integer"]}
    assert parsed.rows_read == 3


def test_a_quoted_title_of_three_lines_is_one_row(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", '"Sổ\nvăn bản\nđến";\n"ma\n";so\n"A\r\nB";1\nC;2\n'), TWO)
    assert parsed.rows.frame().rows() == [(3, "A\r\nB", 1), (4, "C", 2)]


def test_a_title_that_names_another_period_refuses_the_file(tmp_path: Path) -> None:
    body = "(Từ ngày {day} đến ngày {day});\nma;so\nA;1\n"
    assert read(write(tmp_path / "a.csv", body.format(day="02/06/2026")), TWO).rows_read == 1
    with pytest.raises(DataRefusedError) as caught:
        read(write(tmp_path / "b.csv", body.format(day="03/06/2026")), TWO)
    assert caught.value.check == "title_names_its_period"


def test_an_old_encoding_that_is_declared_is_read_to_the_end(tmp_path: Path) -> None:
    columns = [column("ten", headings=["Đơn vị"]), column("so", "integer")]
    found = contract(columns, format={**SEMICOLONS, "encoding": "tcvn3"})
    # `Đơn vị;so` and `Sở Y tế;2` in TCVN3: § Đ, ¬ ơ, Þ ị, ë ở, Õ ế.
    parsed = read(write(tmp_path / "a.csv", b"\xa7\xacn v\xde;so\nS\xeb Y t\xd5;2\n"), found)
    assert parsed.rows.frame().rows() == [(2, "Sở Y tế", 2)]


def test_the_heading_met_again_is_no_row(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", "ma;so\nA;1\nma;so\n ma ;so\nB;2\nma;7\n"), TWO)
    assert parsed.rows.frame().rows() == [(2, "A", 1), (5, "B", 2), (6, "ma", 7)]
    assert parsed.rows_read == 3


@pytest.mark.parametrize(
    "content",
    ["ma;so;\nA;1;\nB;2;\n", "ma;so\nA;1;\nB;2\n", "ma;;so\nA;;1\nB; ;2\n", ";ma;so;;\n;A;1;;\n;B;2;;\n"],
    ids=["all rows", "some rows", "between", "around"],
)
def test_blank_columns_are_no_columns(content: str, tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", content), TWO)
    assert parsed.rows.frame().rows() == [(2, "A", 1), (3, "B", 2)]
    assert parsed.added_headings == ()


@pytest.mark.parametrize(
    "content", ["ma;so\nA;1\n\nB;2;x\n", "ma;so\nA;1\n\nB;2;;x\n", "ma;so;\nA;1;\n\nB;2;x\n", "ma;;so\nA;;1\n\nB;x;2\n"]
)
def test_a_value_under_no_heading_refuses_the_file_with_its_row(content: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="row 4 has more fields than there are headings"):
        read(write(tmp_path / "a.csv", content), TWO)


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ("ma;so\nA;1\n\nB\n", 4),
        ("T\n\nma;so\nA;1\nB\nC;2\n", 5),
        ('ma;so\n"A\nA\nA";1\nB\n', 3),
        ("ma;so\rA;1\rB\r", 3),
        ("ma;so;\nA;1;\nB;2\n", 3),
    ],
    ids=["blank line", "titles", "quoted lines", "carriage returns", "no last delimiter"],
)
def test_a_short_row_refuses_the_file_with_its_row(content: str, row: int, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=f"row {row} has fewer fields than the [23] headings"):
        read(write(tmp_path / "a.csv", content), TWO)


def test_the_total_row_is_a_check_and_no_row(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", "BÁO CÁO\nma;so\nA;1\nB;2\nTổng cộng;3\n"), TOTALLED)
    assert parsed.rows.frame().rows() == [(3, "A", 1), (4, "B", 2)]
    assert (parsed.rows_read, parsed.total_differences) == (2, {})
    wrong = read(write(tmp_path / "b.csv", "ma;so\nA;1\nB;2\nTổng cộng;4\n"), TOTALLED)
    assert wrong.total_differences == {"so": ("4", "3")}
    cut = read(write(tmp_path / "c.csv", "ma;so\nA;1\n"), TOTALLED)
    assert cut.total_differences == {"total row": ("none", "the file may be cut short")}


def test_without_declared_labels_a_total_row_is_set_apart(tmp_path: Path) -> None:
    assert values(read(write(tmp_path / "a.csv", "ma;so\nA;1\nTổng cộng;1\n"), TWO), "ma") == ["A"]


def test_a_declared_quote_is_the_only_one(tmp_path: Path) -> None:
    single = contract([column("ma"), column("so", "integer")], format={**SEMICOLONS, "quote": "'"})
    parsed = read(write(tmp_path / "a.csv", "ma;so\n'A;''B';1\n\"C;2\n"), single)
    assert parsed.rows.frame().rows() == [(2, "A;'B", 1), (3, '"C', 2)]
    assert values(read(write(tmp_path / "b.csv", 'ma;so\nTivi 32";1\n"A;2\n'), PLAIN), "ma") == ['Tivi 32"', '"A']
    with pytest.raises(DataRefusedError, match=r'contract declares quote: ""'):
        read(write(tmp_path / "b.csv", 'ma;so\nTivi 32";1\nB;2\n'), TWO)


def test_a_quote_that_never_closes_is_told_by_its_row(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="in row 3 a quote never closes"):
        read(write(tmp_path / "a.csv", 'ma;so\nA;1\n"B;2\nC;3\n'), TWO)


def test_a_heading_that_no_column_wants_may_stand_twice(tmp_path: Path) -> None:
    parsed = read(write(tmp_path / "a.csv", "ma;Đánh giá;so;Đánh giá\nA;x;1;y\n"), TWO)
    assert parsed.rows.frame().rows() == [(2, "A", 1)]
    assert len(parsed.added_headings) == 2


@settings(deadline=None, max_examples=200)
@given(
    rows=st.lists(st.tuples(st.text("ab ;\"'\n\ré,", max_size=4), st.text('12;"\n', max_size=3)), max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_a_careful_writer_wrote_is_read_cell_by_cell(
    rows: list[tuple[str, str]], end: str, delimiter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([("ma", "so"), *rows])
    of = contract([column("ma"), column("so")], format={"kind": "csv", "delimiter": delimiter})
    file = write(tmp_path_factory.mktemp("csv") / "a.csv", written.getvalue())
    came = [row for frame in read_csv(file, of).read() for row in frame.select("__row_number", "ma", "so").iter_rows()]
    # A cell of nothing is null; a row of nothing but blanks is none.
    assert came == [
        (number, ma or None, so or None) for number, (ma, so) in enumerate(rows, 2) if ma.strip() or so.strip()
    ]


@pytest.mark.parametrize("line", ["x" * (LONGEST_LINE + 1), f'"{"x" * LONGEST_LINE}";1', "A;" * LONGEST_LINE])
def test_a_line_of_a_million_letters_is_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match=r"longer than 1,048,576 characters"):
        read(write(tmp_path / "a.csv", f"ma;so\nA;1\n{line}\n"), TWO)


def test_a_file_of_one_line_and_two_gigabytes_is_refused_at_once_in_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    with file.open("wb") as stream:
        stream.write(b"ma;so;" * 400_000)
        stream.truncate(2 * 1024**3)  # the hole behind costs no disk, and must not be reached
    script = (
        "import json, sys, time\n"
        "from pathlib import Path\n"
        "from pipelines.errors import DataRefusedError\n"
        "from pipelines.parse.texts.delimited import read_csv\n"
        "from tests.parse.test_delimited_text import TWO\n"
        "started = time.process_time()\n"
        "try:\n    read_csv(Path(sys.argv[1]), TWO)\n"
        "except DataRefusedError as error:\n    what = error.what\n"
        # Not ru_maxrss: a new process begins with what the one that started it had.
        "status = Path('/proc/self/status').read_text()\n"
        "peak = int(status.partition('VmHWM:')[2].split()[0]) // 1024\n"
        "print(json.dumps([what, time.process_time() - started, peak]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    what, seconds, megabytes = json.loads(done.stdout)
    assert "longer than" in what
    assert seconds < 5
    assert megabytes < 500


@pytest.mark.parametrize("end", ["", '";5\n'], ids=["open", "closed far below"])
def test_a_quote_that_swallows_a_million_letters_of_rows_is_refused(end: str, tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="in row 3 a quote never closes"):
        read(write(tmp_path / "a.csv", 'ma;so\nA;1\n"' + "A;1\n" * 400_000 + end), TWO)


def test_so_it_is_where_a_library_has_lifted_the_bound_of_pythons_csv(tmp_path: Path) -> None:
    bound = csv.field_size_limit(1_000_000_000)
    try:
        with pytest.raises(DataRefusedError, match="in row 3 a quote never closes"):
            read(write(tmp_path / "a.csv", 'ma;so\nA;1\n"' + "A;1\n" * 400_000 + '";5\n'), TWO)
    finally:
        csv.field_size_limit(bound)


def test_many_quoted_cells_are_no_long_one(tmp_path: Path) -> None:
    rows = 'A;"1"\n' + "B;2\n" * 200_000
    parsed = read(write(tmp_path / "a.csv", f'ma;so\n{rows}"C\n";3\n{rows}'), TWO)
    assert (parsed.rows_read, numbers(parsed)) == (400_003, [2, 3, 200_003])


def test_row_numbers_go_on_across_frames(tmp_path: Path) -> None:
    content = "TITLE\nma;so\n" + "A;1\n" * 150_000 + "ma;so\n" + "B;x\n"
    parsed = read(write(tmp_path / "a.csv", content), TWO)
    assert reasons(parsed) == {150_004: ["so: not a readable integer"]}
    assert (parsed.rows_read, parsed.rows_duplicate, numbers(parsed)) == (150_001, 149_999, [3])
