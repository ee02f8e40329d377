"""Replies of a run that was interrupted: kept for the next one, forgotten when a run finished or a day has passed."""

import os

from lsp_repair.models.paid_replies import PaidReplies


def test_what_a_finished_run_paid_for_is_forgotten(tmp_path):
    paid = PaidReplies(tmp_path / "root")
    other = PaidReplies(tmp_path / "other root")
    for each in (paid, other):
        each.keep("digest", 0, "a reply")
    paid.forget()
    assert paid.find("digest", 0) is None
    assert other.find("digest", 0) == "a reply"
    paid.keep("digest", 0, "another")
    assert paid.find("digest", 0) == "another"


def test_there_may_be_nothing_to_forget(tmp_path):
    PaidReplies(tmp_path / "never made").forget()


def test_a_reply_is_kept_for_a_day(tmp_path):
    now = 1_000_000.0
    paid = PaidReplies(tmp_path, clock=lambda: now)
    paid.keep("digest", 0, "a reply")
    (file,) = tmp_path.rglob("*.json")
    os.utime(file, (now - 86_000, now - 86_000))
    assert paid.find("digest", 0) == "a reply"
    os.utime(file, (now - 87_000, now - 87_000))
    assert paid.find("digest", 0) is None
