"""The body of an HTTP answer in pieces, unpacked here so that it is bounded and known to be whole.

httpx unpacks too, but a gzip that breaks off is an end like any other to it, and one small piece may swell a
thousandfold at once. Whether the bytes are what was asked for is not seen here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import httpx

PIECE_BYTES = 1024 * 1024
ACCEPTED_ENCODINGS = "gzip, identity"
_GZIP = zlib.MAX_WBITS | 16


class BrokenBodyError(Exception):
    """The body is not whole or not packed as its header says; the message says how."""


def unpacked(response: httpx.Response) -> Iterator[bytes]:
    """The body in pieces of at most `PIECE_BYTES` or of what the network gave at once; some may be empty.

    Raises:
        BrokenBodyError: It is packed in a way that nobody asked for, or its packing is damaged or breaks off.
        httpx.TransportError: The connection ended before the body did.
    """
    match encoding := response.headers.get("Content-Encoding", "identity").strip().lower():
        case "" | "identity":
            return response.iter_raw()
        case "gzip" | "x-gzip":
            return _gunzipped(response.iter_raw())
        case _:
            raise BrokenBodyError(f"packed its answer as {encoding[:20]!r}, which was not asked for")


def _gunzipped(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Unpacks one gzip member after the other; each has its own checksum, which zlib compares."""
    decoder = None
    for piece in packed:
        rest = piece
        while rest:
            decoder = decoder or zlib.decompressobj(_GZIP)
            yield b""  # lets the caller look at the clock: a packing may go on for ever and hold nothing
            try:
                yield from _swelling(decoder, rest)
            except zlib.error as error:
                raise BrokenBodyError("gave a gzip that is damaged") from error
            rest = decoder.unused_data
            decoder = None if decoder.eof else decoder
    if decoder is not None:
        raise BrokenBodyError("gave a gzip that breaks off")


def _swelling(decoder: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    """What comes of one packed piece. A full output may leave some behind that no input waits for."""
    while True:
        plain = decoder.decompress(packed, PIECE_BYTES)
        if plain:
            yield plain
        packed = decoder.unconsumed_tail
        if decoder.eof or (not packed and len(plain) < PIECE_BYTES):
            return  # at its end zlib keeps what is left in `unused_data`, and in `unconsumed_tail` too
