"""After a whole run: a page for each load and one for the marts, no person of the province in any of them."""

from __future__ import annotations

import re

from demo.people import FAMILY_NAMES, GIVEN_NAMES, MIDDLE_NAMES
from tests.pipeline.conftest import Ran

_ONE_OF = ["|".join(names) for names in (FAMILY_NAMES, MIDDLE_NAMES, GIVEN_NAMES)]
# As the demo province spells its people: a full name, a telephone, an ID number, an address of theirs.
PERSONAL = re.compile(
    rf"\b({_ONE_OF[0]}) ({_ONE_OF[1]}) ({_ONE_OF[2]})\b|\b0900\d{{6}}\b|\b038999\d{{6}}\b|@thu\.example"
)


def test_a_run_leaves_a_page_for_each_load_and_for_its_marts(usual_week: Ran) -> None:
    folder = usual_week.home.folder / "data_docs"
    loads = usual_week.home.query("SELECT load_id FROM meta.loads")["load_id"].to_list()
    pages = {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in folder.rglob("*.html")}
    expected = {
        f"{dataset}/{rest.replace('/', '-')}.html" for dataset, _, rest in (one.partition("/") for one in loads)
    }
    marts = {name for name in pages if name.startswith("marts/")}
    assert len(marts) == 1
    assert set(pages) == {"index.html"} | expected | marts
    assert PERSONAL.search("Lê Văn An, 0900123456")
    for name, page in pages.items():
        assert not PERSONAL.search(page), name
