"""What one model says of a failure reaches the other one whole, or with its end."""

from lsp_repair.models.cut_explanations import for_a_model


def test_code_in_an_explanation_stays_as_it_is():
    said = 'In `head`, `re.compile(r"<meta\\b[^<>]*>")` misses <META>.'
    assert for_a_model(said, 500) == said


def test_of_a_long_explanation_the_end_counts_more():
    told = for_a_model("a retelling of the test. " * 100 + "The cause is `<` in `search`.", 300)
    assert len(told) <= 303
    assert told.startswith("a retelling")
    assert told.endswith("The cause is `<` in `search`.")


def test_thoughts_before_it_are_left_out():
    assert for_a_model("<think>\nmaybe\n</think>\nThe bound is wrong.", 500) == "The bound is wrong."
