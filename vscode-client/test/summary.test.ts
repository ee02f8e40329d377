import assert from "node:assert/strict";
import { test } from "node:test";
import type { Phase, Status } from "../src/protocol.js";
import { baseName, costText, counts, failureParts, shortText, summarise, titleParts } from "../src/summary.js";

function status(phase: Phase, more: Partial<Status> = {}): Status {
  return { root: "/home/me/shop", phase, failing: 0, proposals: 0, costUsd: "0", text: phase, ...more };
}

test("what needs the user's eye comes first", () => {
  assert.equal(summarise([status("idle"), status("testing"), status("untrusted")], "running").state, "untrusted");
  assert.equal(summarise([status("repairing"), status("testing")], "running").state, "repairing");
});

test("a server that has said nothing yet is starting, and one that ended is stopped, whatever it said", () => {
  assert.equal(summarise([], "running").state, "starting");
  assert.equal(summarise([status("idle")], "stopped").state, "stopped");
});

test("failures are added up; what was spent today each folder tells of all", () => {
  const both = [
    status("idle", { failing: 2, proposals: 1, costUsd: "0.01" }),
    status("idle", { root: "file:///home/me/tea%20shop/", failing: 1, costUsd: 0.02 }),
  ];
  const { failing, proposals, costUsd, lines } = summarise(both, "running");
  assert.deepEqual([failing, proposals, costText(costUsd)], [3, 1, "$0.0200"]);
  assert.deepEqual(lines, ["shop: idle", "tea shop: idle"]);
});

test("one unknown price makes the whole unknown", () => {
  assert.equal(summarise([status("idle"), status("idle", { costUsd: null })], "running").costUsd, null);
  assert.equal(costText(null), "price unknown");
});

test("costs are written for people", () => {
  assert.deepEqual([0, 0.00001, 0.0123, 1.5].map(costText), ["$0", "< $0.0001", "$0.0123", "$1.50"]);
});

test("the status bar counts", () => {
  assert.equal(counts({ failing: 0, proposals: 0 }), "0 failing");
  assert.equal(counts({ failing: 2, proposals: 1 }), "2 failing, 1 fix");
  assert.equal(shortText(summarise([status("idle", { failing: 3, proposals: 2 })], "running")), "$(wrench) 3 failing, 2 fixes");
  assert.equal(shortText(summarise([status("idle", { failing: 1, costUsd: "0.02" })], "running")), "$(wrench) 1 failing · $0.0200 today");
  assert.equal(shortText(summarise([status("repairing", { failing: 1, costUsd: null })], "running")), "$(sync~spin) Repairing · 1 failing · price unknown");
});

test("the last part of a path names a folder", () => {
  assert.deepEqual(["/a/b/", "C:\\a\\b", "file:///a/b%20c", "b"].map(baseName), ["b", "b", "b c", "b"]);
});

test("a title parts into the change and its proof", () => {
  assert.deepEqual(titleParts("`>` → `>=` in `f` — fixes 1 test, 2 pass"), ["> → >= in f", "fixes 1 test, 2 pass"]);
  assert.deepEqual(titleParts("a change"), ["a change", ""]);
});

test("a failure is called by its test", () => {
  const tests = ["tests/test_a.py::TestA::test_b[x::y]"];
  assert.deepEqual(failureParts({ title: "KeyError: tests/test_a.py::TestA::test_b[x::y]", tests }), ["TestA::test_b[x::y]", "KeyError"]);
  assert.deepEqual(failureParts({ title: "another title", tests }), ["another title", ""]);
  assert.deepEqual(failureParts({ title: "SyntaxError: a.py", tests: ["a.py"] }), ["a.py", "SyntaxError"]);
});
