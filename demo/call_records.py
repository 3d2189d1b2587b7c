"""Call detail records as a Cisco Meeting Server posts them: bodies of XML, times in UTC.

A body is what the server sends at once, so a leg's records may stand in several bodies and a leg may be announced
before its conference. Every twentieth body is sent a second time, as the real server does when an answer got lost.
Who was connected when belongs to `demo.conferences`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from demo.calendar import UTC_OFFSET_SECONDS
from demo.conferences import GUEST, Conferences
from demo.endpoints import Endpoints
from demo.people import FAMILY_NAMES, GIVEN_NAMES
from demo.seeding import generator

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
RECORDS_A_BODY = (100, 200)
SENT_AGAIN_EVERY, INDENTED_EVERY = 20, 7


@dataclass(frozen=True)
class Bodies:
    """The bodies of one day in the order in which they arrived.

    Attributes:
        texts: The bodies, re-sent ones included.
        records: How many different records they hold.
        repeated: How many records stand in re-sent bodies.
    """

    texts: list[bytes]
    records: int
    repeated: int


def bodies(seed: int, day: date, conferences: Conferences, endpoints: Endpoints, more_sent_again: int = 0) -> Bodies:
    """The day's records as bodies.

    Args:
        seed: The province's seed.
        day: The day on which the conferences start; it names the session.
        conferences: What happened.
        endpoints: The registry that the legs' endpoint rows point into.
        more_sent_again: How many bodies are sent again on top of the usual ones, as a fault.
    """
    random = generator(seed, "call-records", day)
    session = uuid.UUID(bytes=random.bytes(16), version=4)
    records = _records(random, conferences, endpoints)
    limits = [0]
    while limits[-1] < len(records):
        limits.append(min(len(records), limits[-1] + int(random.integers(*RECORDS_A_BODY))))
    bridge = f' callBridge="{uuid.UUID(bytes=random.bytes(16), version=4)}"'
    texts: list[bytes] = []
    spans = list(pairwise(limits))
    for number, (first, last) in enumerate(spans):
        head = f'<records session="{session}"{bridge if number % 11 else ""}>\n'
        lines = "".join(
            f'<record type="{kind}" time="{_utc(at)}" recordIndex="{index - first + 1}" correlatorIndex="{index}">'
            f"{content}</record>\n"
            for index, (at, kind, content) in enumerate(records[first:last], start=first)
        )
        texts.append(
            (("\n " if number % INDENTED_EVERY == 1 else "") + DECLARATION + head + lines + "</records>\n").encode()
        )
    again = list(range(SENT_AGAIN_EVERY // 2, len(texts), SENT_AGAIN_EVERY))
    again += [int(number) for number in random.permutation(len(texts))[:more_sent_again]]
    repeated = sum(spans[number][1] - spans[number][0] for number in again)
    return Bodies(texts + [b"\n" + texts[number] for number in again], len(records), repeated)


def _records(random: np.random.Generator, day: Conferences, endpoints: Endpoints) -> list[tuple[int, str, str]]:
    """Every record as (moment, type, content), in the order of time."""
    records: list[tuple[int, str, str]] = []
    call_ids = [str(uuid.UUID(bytes=random.bytes(16), version=4)) for _ in range(len(day.calls))]
    joined = day.legs.filter("is_joined").group_by("call").len().rows()
    legs_of = dict(joined)
    for call, (name, start, end) in enumerate(day.calls.iter_rows()):
        head = f"<call id={quoteattr(call_ids[call])}>"
        content = f"{head}<name>{escape(name)}</name><ownerName>VP UBND</ownerName><callType>coSpace</callType></call>"
        records.append((start, "callStart", content))
        legs = legs_of.get(call, 0)
        content = f"{head}<callLegsCompleted>{legs}</callLegsCompleted><durationSeconds>{end - start}</durationSeconds>"
        records.append((end, "callEnd", content + "</call>"))
    addresses, names = endpoints.frame["sip_address"].to_list(), endpoints.frame["endpoint_name_vi"].to_list()
    count = len(day.legs)
    guests, losses = random.integers(0, 10_000, count).tolist(), random.exponential(0.004, count).clip(0, 1).tolist()
    for leg, (call, endpoint, start, end, is_joined) in enumerate(day.legs.iter_rows()):
        head = f'<callLeg id="{uuid.UUID(bytes=random.bytes(16), version=4)}">'
        number = guests[leg]
        guest_name = f"{FAMILY_NAMES[number % len(FAMILY_NAMES)]} {GIVEN_NAMES[number % len(GIVEN_NAMES)]}"
        party = f"guest{number:04d}@khach.example" if endpoint == GUEST else addresses[endpoint]
        shown = guest_name if endpoint == GUEST else names[endpoint]
        content = (
            f"{head}<displayName>{escape(shown)}</displayName><remoteParty>{party}</remoteParty>"
            f"<type>sip</type><direction>incoming</direction></callLeg>"
        )
        records.append((start, "callLegStart", content))
        if is_joined:
            content = f"{head}<state>connected</state><call>{call_ids[call]}</call></callLeg>"
            records.append((min(start + 1, end), "callLegUpdate", content))
        records.append((end, "callLegEnd", head + _ending(end - start, losses[leg], is_joined=is_joined)))
    order = {"callLegStart": 0, "callStart": 1, "callLegUpdate": 2, "callLegEnd": 3, "callEnd": 4}
    return sorted(records, key=lambda record: (record[0], order[record[1]]))


def _ending(seconds: int, loss: float, *, is_joined: bool) -> str:
    reason = "remoteTeardown" if is_joined else "timeout"
    bursts = f"<packetLossBursts><duration>0.4</duration><density>{loss:.4f}</density></packetLossBursts>"
    video = f"<rxVideo><codec>h264</codec><packetStatistics>{bursts}</packetStatistics></rxVideo>" if is_joined else ""
    active = seconds - 1 if is_joined and seconds else 0
    return (
        f"<reason>{reason}</reason><durationSeconds>{seconds}</durationSeconds>"
        f"<activatedDuration>{active}</activatedDuration>{video}</callLeg>"
    )


def _utc(moment: int) -> str:
    return datetime.fromtimestamp(moment - UTC_OFFSET_SECONDS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
