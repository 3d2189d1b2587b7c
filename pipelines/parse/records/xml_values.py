"""Which values are wanted of an XML row, by their paths from its element: `callLeg/@id`, `../@session`.

Where rows stand in a file, and that it is sound, is the matter of `xml_records`.
"""

from __future__ import annotations

from lxml import etree

ABOVE = ".."
_SEVERAL = "; "


class Wanted:
    """Which values are wanted below an element, so that it is walked once however many there are.

    Attributes:
        text: The value's place, if the element's own text is wanted.
        attributes: Name and place of each wanted attribute.
        above: What is wanted of its parent.
        inner: What is wanted of its children, by name.
    """

    def __init__(self) -> None:
        self.text: int | None = None
        self.attributes: list[tuple[str, int]] = []
        self.above: Wanted | None = None
        self.inner: dict[str, Wanted] = {}

    def add(self, path: tuple[str, ...], place: int) -> None:
        """Wants the value at a path."""
        if not path:
            self.text = place
        elif path[0].startswith("@"):
            self.attributes.append((path[0][1:], place))
        elif path[0] == ABOVE:
            self.above = self.above or Wanted()
            self.above.add(path[1:], place)
        else:
            self.inner.setdefault(path[0], Wanted()).add(path[1:], place)

    def take(self, element: etree._Element, found: list[str | None]) -> None:
        """Puts what is wanted in its place; several texts are joined, so that none is chosen in silence."""
        for name, place in self.attributes:
            _put(_attribute(element, name), place, found)
        if self.text is not None:
            _put(_text(element), self.text, found)
        if self.above is not None and (parent := element.getparent()) is not None:
            self.above.take(parent, found)
        if self.inner:
            for child in element:
                if wanted := self.inner.get(local_name(child)):
                    wanted.take(child, found)


def _put(text: str | None, place: int, found: list[str | None]) -> None:
    if text is not None:
        before = found[place]
        found[place] = text if before is None else f"{before}{_SEVERAL}{text}"


def _attribute(node: etree._Element, name: str) -> str | None:
    value = node.get(name)
    if value is None:
        return next((str(own) for key, own in node.items() if str(key).endswith(f"}}{name}")), None)
    return str(value)


def _text(node: etree._Element) -> str | None:
    """An element's own text and what its branches hold of it; a branch that only holds elements has none."""
    text = node.text
    if not len(node) or text is None or not text.strip():
        return None if text is None or (len(node) and not text.strip()) else str(text)
    return "".join(map(str, node.itertext()))


def local_name(element: etree._Element) -> str:
    """An element's name without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
