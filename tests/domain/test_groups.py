"""One cause, one group."""

from lsp_repair.domain.runs import Failure, Frame, NodeId, grouped


def failure(node_id, error="KeyError", *, line=7, function="price", message="'x'"):
    frame = Frame("shop.py", line, function, in_project=True)
    return Failure(NodeId(node_id), "call", error, message, (frame,))


def test_the_same_error_at_the_same_place_is_one_group():
    groups = grouped([failure("t.py::a", message="'pear'"), failure("t.py::b", message="'fig'"), failure("t.py::c[1]")])
    assert [group.node_ids for group in groups] == [("t.py::a", "t.py::b", "t.py::c[1]")]


def test_another_error_or_place_is_another_group():
    groups = grouped([failure("a"), failure("b", error="ValueError"), failure("c", function="tax", line=30)])
    assert len(groups) == 3
