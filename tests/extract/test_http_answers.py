"""What an answer may do: break off, swell, drip, lead elsewhere, call itself names, or come from a stranger."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pipelines import extract
from pipelines.contracts import Contract
from pipelines.errors import DataRefusedError, PermanentError, SettingError, TransientError
from pipelines.extract.delivery import Delivery
from pipelines.extract.web import calls

from .places import Place, file_contract, pulled, settings_for
from .servers import Loop, http_answer

Pull = Callable[..., Delivery]
BODY = "Đơn vị;Số hồ sơ\n".encode() * 200_000


@pytest.fixture
def pull(contracts: dict[str, Contract], place: Place, work: Path) -> Pull:
    """Pulls the file of a place that needs no login."""

    def run(settings: dict[str, Any] | None = None, **source: Any) -> Delivery:
        contract = file_contract(contracts["portal_dossiers"], **source)
        return pulled(contract, settings_for(place, **(settings or {})), work)

    return run


def _gives(place: Place, body: bytes, **headers: str) -> None:
    async def answer(_: Request) -> Response:
        return Response(body, headers={name.replace("_", "-"): value for name, value in headers.items()})

    place.answer = answer


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(BODY), gzip.compress(BODY[:1000]) + gzip.compress(BODY[1000:]), b""],
    ids=["one member", "two members", "nothing"],
)
def test_gzip_is_unpacked(pull: Pull, place: Place, packed: bytes) -> None:
    _gives(place, packed, Content_Encoding="gzip")
    assert pull().file.read_bytes() == (BODY if packed else b"")


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (gzip.compress(BODY)[:-4], "breaks off"),
        (gzip.compress(BODY)[:-8] + b"\0" * 8, "damaged"),
        (gzip.compress(BODY) + b"and more", "damaged"),
        (zlib.compress(BODY), "damaged"),
    ],
    ids=["cut", "wrong checksum", "something behind it", "no gzip"],
)
def test_a_gzip_that_is_not_whole_is_broken(pull: Pull, place: Place, work: Path, packed: bytes, words: str) -> None:
    _gives(place, packed, Content_Encoding="gzip")
    with pytest.raises(TransientError, match=words):
        pull()
    assert len(place.asked) == 3
    assert list(work.iterdir()) == []


def test_a_packing_that_nobody_asked_for_is_said(pull: Pull, place: Place) -> None:
    _gives(place, BODY, Content_Encoding="br")
    with pytest.raises(TransientError, match="'br', which was not asked for"):
        pull()


def test_a_bomb_is_refused_before_it_has_swollen(
    pull: Pull, place: Place, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "LARGEST_FILE_BYTES", 3_000_000)
    _gives(place, gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip")
    with pytest.raises(DataRefusedError) as refused:
        pull()
    assert refused.value.check == "file_size"
    assert list(work.iterdir()) == []


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b"."),
        (b"Content-Encoding: gzip\r\n", gzip.compress(b"")),
        (b"Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"),
    ],
    ids=["bytes", "empty gzips", "a gzip's name"],
)
def test_a_drip_without_end_is_cut_off(
    contracts: dict[str, Contract], place: Place, loop: Loop, work: Path, monkeypatch: pytest.MonkeyPatch,
    head: bytes, drop: bytes,
) -> None:  # fmt: skip
    """Each byte comes in time, so no read ever times out; a gzip's name ends with a zero, which never comes."""
    monkeypatch.setattr(calls, "LONGEST_ANSWER_SECONDS", 0.2)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n" + head + b"\r\n" + drop)
        while True:
            writer.write(b"." if b"\x08\x08" in drop else drop)
            await writer.drain()
            await asyncio.sleep(0.01)

    with loop.listening(drip) as port:
        settings = settings_for(place, sso_url=f"http://127.0.0.1:{port}", retry_attempts=1)
        with pytest.raises(TransientError, match=r"still answering after 0\.2 s"):
            pulled(file_contract(contracts["portal_dossiers"]), settings, work)


@pytest.mark.parametrize(
    "answer",
    [
        http_answer(b"half", length=8),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(BODY)[:500],
    ],
    ids=["less than Content-Length", "no last chunk", "gzip without a length"],
)
def test_a_body_that_is_cut_is_asked_for_again(
    contracts: dict[str, Contract], place: Place, loop: Loop, work: Path, answer: bytes
) -> None:
    answers = [answer, http_answer(b"whole")]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))
        await writer.drain()

    with loop.listening(serve) as port:
        settings = settings_for(place, sso_url=f"http://127.0.0.1:{port}")
        delivery = pulled(file_contract(contracts["portal_dossiers"]), settings, work)
    assert delivery.file.read_bytes() == b"whole"


def test_a_redirect_within_the_system_is_followed(pull: Pull, place: Place) -> None:
    async def answer(request: Request) -> Response:
        match request.url.path:
            case "/report.do":
                return RedirectResponse("/files/tmp-1?sig=a%2Fb", 303)
            case "/files/tmp-1":
                return RedirectResponse(f"{place.url}/files/tmp-2", 302)
        return Response(BODY)

    place.answer = answer
    delivery = pull(send="form", query={"tuNgay": "{day:%d/%m/%Y}"})
    assert delivery.file.read_bytes() == BODY
    asked = [("POST", "/report.do", {}), ("GET", "/files/tmp-1", {"sig": "a/b"}), ("GET", "/files/tmp-2", {})]
    assert place.asked == asked
    assert delivery.source_uri == f"{place.url}/report.do?tuNgay=02%2F06%2F2026"


def test_a_redirect_in_a_circle_ends(pull: Pull, place: Place) -> None:
    async def answer(_: Request) -> Response:
        return RedirectResponse("/report.do", 302)

    place.answer = answer
    with pytest.raises(PermanentError, match="answered 302"):
        pull()
    assert len(place.asked) == 1 + calls.MOST_REDIRECTS


@pytest.mark.parametrize("scheme", ["https", "http", "file", "ftp"])
def test_a_redirect_to_another_host_or_scheme_is_not_followed(pull: Pull, place: Place, scheme: str) -> None:
    port = place.url.rpartition(":")[2]

    async def answer(_: Request) -> Response:
        return RedirectResponse(f"{scheme}://{'localhost' if scheme == 'http' else '127.0.0.1'}:{port}/x?key=1", 302)

    place.answer = answer
    with pytest.raises(PermanentError, match=rf"points to {scheme}://.*/x; that is not followed\. .*KHOTINH_SSO_URL"):
        pull()
    assert len(place.asked) == 1


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="BaoCao_NguyenVanA.XLSX"', "report.xlsx"),
        ("attachment; filename=x.xls; filename*=UTF-8''B%C3%A1o%20c%C3%A1o.xlsx", "report.xlsx"),
        ('attachment; filename="../../../etc/cron.d/x.csv"', "report.csv"),
        ("attachment; filename*=UTF-8''..%2f..%2fa.csv", "report.csv"),
        ('attachment; filename="a.csv/../../b"', "report.do"),
        ('attachment; filename="x.a b"', "report.do"),
        ("inline", "report.do"),
        (";;==", "report.do"),
    ],
)
def test_only_the_suffix_of_a_told_name_is_taken(
    pull: Pull, place: Place, work: Path, disposition: str, name: str
) -> None:
    """Names of files are published; a report screen likes to name its files after whoever is logged in."""
    _gives(place, BODY, Content_Disposition=disposition)
    delivery = pull()
    assert delivery.file_name == name
    assert [file.parent for file in work.iterdir()] == [work]


def test_a_page_of_html_is_a_file_unless_it_asks_for_a_password(pull: Pull, place: Place) -> None:
    table = b"\xef\xbb\xbf\n<html><input type=text name=password><table></table>" + b" " * 300_000
    _gives(place, table)
    assert pull().file.read_bytes() == table
    for field in (b"<input type=password>", b"<INPUT name='p'\n TYPE = \"Password\">"):
        _gives(place, table + b"<html>" + field)
        pull()  # far behind what a login page ever begins with
        _gives(place, b"\xef\xbb\xbf <!DOCTYPE html><body>" + field + b" " * 300_000)
        with pytest.raises(SettingError, match="a login page"):
            pull()
    _gives(place, b"id;note\n1;<input type=password>")
    pull()


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[Path, Path]:
    """A key and a certificate for 127.0.0.1 that only its own maker vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "So noi vu")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "key.pem", tmp_path / "certificate.pem"
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[0].write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return files


@pytest.fixture
def secure(certificates: tuple[Path, Path]) -> Iterator[Place]:
    place = Place(*certificates)
    yield place
    place.stop()


def test_a_certificate_of_a_stranger_lets_nothing_through(
    contracts: dict[str, Contract], secure: Place, certificates: tuple[Path, Path], work: Path
) -> None:
    _gives(secure, BODY)
    contract = file_contract(contracts["portal_dossiers"])
    with pytest.raises(
        SettingError, match=r"^KHOTINH_SSO_URL: .*certificate that is not trusted \(self-signed"
    ) as refused:
        pulled(contract, settings_for(secure), work)
    assert "CA_FILE" in refused.value.next_step
    ((_, found),) = extract.check([contract], settings_for(secure))
    assert "not trusted" in str(found)
    assert secure.asked == []

    trusted = {"sso_ca_file": str(certificates[1])}
    assert pulled(contract, settings_for(secure, **trusted), work).file.read_bytes() == BODY
    elsewhere = secure.url.replace("127.0.0.1", "localhost")
    with pytest.raises(SettingError, match=r"not trusted \(Hostname mismatch"):
        pulled(contract, settings_for(secure, **trusted, sso_url=elsewhere), work)


def test_a_file_of_authorities_that_is_none_is_named(
    contracts: dict[str, Contract], place: Place, certificates: tuple[Path, Path], work: Path
) -> None:
    contract = file_contract(contracts["portal_dossiers"])
    for file, words in ((certificates[0], "holds no certificates"), (work / "none.pem", "is not a file")):
        with pytest.raises(SettingError, match=rf"^KHOTINH_SSO_CA_FILE: .*{words}"):
            pulled(contract, settings_for(place, sso_ca_file=str(file)), work)
