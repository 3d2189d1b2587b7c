"""Reads the HTML of a login page: whether a page is one, and what its form wants sent back.

Nothing is sent from here. Scripts are not run: a page whose form is made by one has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
from lxml import etree, html

HEAD_BYTES = 256 * 1024
"""How much of an answer is looked at to tell a login page."""

_PASSWORD_FIELD = re.compile(rb"<input\b[^<>]*\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_BLANK = b"\xef\xbb\xbf \t\r\n"


@dataclass(frozen=True)
class Form:
    """A form as it stands on a page.

    Attributes:
        action: The whole address that it is sent to.
        method: `get` or `post`.
        hidden: Its hidden fields, such as a token against forged requests.
    """

    action: httpx.URL
    method: str
    hidden: dict[str, str]


def is_login_page(head: bytes) -> bool:
    """Whether an answer that begins so is HTML that asks for a password."""
    return head.lstrip(_BLANK)[:1] == b"<" and _PASSWORD_FIELD.search(head) is not None


def find_form(page: bytes, address: httpx.URL, fields: set[str]) -> Form | None:
    """The first form of the page that has all these fields; None if there is none."""
    try:
        document = html.document_fromstring(page)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing in it, or nothing that is text
        return None
    for form in document.iter("form"):
        if fields <= {str(element.get("name")) for element in form.iter("input", "select", "textarea")}:
            hidden = {
                str(element.get("name")): str(element.get("value", ""))
                for element in form.iter("input")
                if element.get("name") and str(element.get("type", "")).lower() == "hidden"
            }
            try:
                action = address.join(str(form.get("action", "")))
            except httpx.InvalidURL:
                return None
            return Form(action, str(form.get("method", "get")).lower(), hidden)
    return None
