"""Counts the videoconference indicators again, from the bodies of call records alone; see `served_recount`."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from tests.demo.served_recount import PROVINCE, Tally


def count_calls(tally: Tally, bodies: list[bytes], endpoints: dict[str, dict[str, str]]) -> None:
    """Conferences, who took part, and for how long."""
    records: dict[tuple[str, str], ET.Element] = {}
    for body in bodies:
        root = ET.fromstring(body.decode().strip())  # noqa: S314  (our own bytes)
        records |= {(root.get("session", ""), record.get("correlatorIndex", "")): record for record in root}
    calls: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
    legs: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for record in records.values():
        kind, at, part = record.get("type", ""), record.get("time", ""), record[0]
        local = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ") + timedelta(hours=7)  # noqa: DTZ007
        if kind in {"callStart", "callEnd"}:
            calls[part.get("id", "")][kind] = local
        else:
            leg = legs[part.get("id", "")]
            leg[kind] = local.isoformat()
            leg |= {child.tag: child.text or "" for child in part if child.tag in {"remoteParty", "call"}}
    count_connections(tally, calls, legs, endpoints)


def count_connections(
    tally: Tally,
    calls: dict[str, dict[str, datetime]],
    legs: dict[str, dict[str, str]],
    endpoints: dict[str, dict[str, str]],
) -> None:
    """What the day's conferences and legs add to the indicators."""
    spent: Counter[tuple[str, str]] = Counter()
    for leg in legs.values():
        call = calls.get(leg.get("call", ""))
        if call and leg["remoteParty"] in endpoints:
            start = max(datetime.fromisoformat(leg["callLegStart"]), call["callStart"])
            end = min(datetime.fromisoformat(leg["callLegEnd"]), call["callEnd"])
            spent[leg["call"], leg["remoteParty"]] += max(0, int((end - start).total_seconds()))
    for leg in legs.values():
        if leg["remoteParty"] in endpoints:
            day = datetime.fromisoformat(leg["callLegStart"]).date()
            unit = endpoints[leg["remoteParty"]]["unit_code"]
            tally.share("videoconference_failed_joins", unit, day, is_in="call" not in leg)
    took_part = defaultdict(set)
    for (call_id, party), seconds in spent.items():
        day = calls[call_id]["callStart"].date()
        tally.count("videoconference_endpoint_seconds", endpoints[party]["unit_code"], day, seconds)
        if seconds >= 300:
            took_part[day].add(party)
    for call in calls.values():
        tally.count("videoconference_conferences", PROVINCE, call["callStart"].date())
    for day in {call["callStart"].date() for call in calls.values()}:
        for party, endpoint in endpoints.items():
            is_in = party in took_part[day]
            tally.share("videoconference_participation", endpoint["unit_code"], day, is_in=is_in)
