"""docs/settings.md is what the declarations say."""

from pathlib import Path

import lsp_repair
from lsp_repair.server.settings_page import camel_case, names, page


def test_the_page_is_up_to_date():
    assert (Path(lsp_repair.__file__).parents[1] / "docs" / "settings.md").read_text("utf-8") == page()


def test_editors_write_names_in_camel_case():
    assert camel_case("max_usd_per_fix") == "maxUsdPerFix"
    assert {"autonomy", "repairModel", "timeLimitSeconds"} <= set(names())
