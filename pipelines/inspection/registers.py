"""Whether a column holds codes or names that a register of the program knows: units, endpoints, procedures, lists."""

from __future__ import annotations

from pipelines.inspection.trials import Cells, Proposal, fits, say, todo

_KNOWN_UNITS_SHARE = 0.6


def register(cells: Cells) -> Proposal | None:
    """Codes of procedures, codes or names of units, endpoints."""
    unread = cells.reads(type="procedure_code")
    if unread is not None:
        return Proposal({"type": "procedure_code"}, (fits(cells, unread, "mã thủ tục", "procedure codes"),), unread)
    for kind, what in (("agency_code", ("mã đơn vị", "agency codes")), ("unit_name", ("tên đơn vị", "names of units"))):
        unread = cells.reads(_KNOWN_UNITS_SHARE, type=kind, registry="units")
        if unread is not None:
            why = [fits(cells, unread, f"{what[0]} có trong units.csv", f"{what[1]} in units.csv")]
            if unread:
                why.append(
                    todo(
                        f"{unread} ô không có trong units.csv: dòng của chúng sẽ bị cách ly",
                        f"{unread} cells are not in units.csv: their rows will be set apart",
                    )
                )
            return Proposal({"type": kind, "registry": "units"}, tuple(why), unread)
    return endpoints(cells)


def endpoints(cells: Cells) -> Proposal | None:
    """Codes or addresses of endpoints."""
    unread = cells.reads(type="text", registry="endpoints")
    if unread is not None:
        why = fits(cells, unread, "mã điểm cầu", "endpoint codes")
        return Proposal({"type": "text", "registry": "endpoints"}, (why,), unread)
    addresses = list(cells.reading.reference.endpoint_by_address)
    known = int(cells.texts.str.to_lowercase().is_in(addresses).sum())
    if not cells.filled or known * 2 <= cells.filled:
        return None
    why = fits(
        cells, cells.filled - known, "địa chỉ điểm cầu; còn lại là GUEST", "endpoint addresses; others become GUEST"
    )
    return Proposal({"type": "endpoint_address", "registry": "endpoints"}, (why,))


def code(cells: Cells) -> Proposal | None:
    """A list that holds all the values; figures fit too many lists to say which."""
    values = set(cells.texts.drop_nulls().unique().to_list())
    if all(value.isdigit() for value in values):
        return None
    lists = cells.reading.reference.codes
    fitting = sorted(
        (name for name, codes in lists.items() if values <= codes), key=lambda name: (len(lists[name]), name)
    )
    if not fitting:
        return None
    why = say(f"mọi giá trị có trong danh mục {fitting[0]}", f"every value is in the list {fitting[0]}")
    return Proposal({"type": "code", "code_list": fitting[0]}, (why,))
