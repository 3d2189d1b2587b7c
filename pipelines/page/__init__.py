"""The page for people who would rather look: a static site made from one published file, and versioned with it.

It opens from a folder (`file://`) or any web server, asks nothing of the network, and shows what the marts hold: no figure
is computed here that is not a sum or a quotient of published ones. Whoever wants another figure asks the file.
"""

from pipelines.page.site import write_page

__all__ = ["write_page"]
