import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure, Folder } from "../src/protocol.js";
import { explorerIds, failureOfItem } from "../src/testIds.js";

function failure(id: string, ...tests: string[]): Failure {
  return { id, tests, title: id, explanation: "", status: "proposed", locations: [], proposals: [] };
}

const folder: Folder = {
  root: "/home/me/shop",
  failures: [failure("one", "tests/test_a.py::test_one[1]", "tests/test_a.py::test_two"), failure("two", "tests/test_ab.py::T::test")],
};

test("the Test Explorer names tests by the file's path", () => {
  assert.deepEqual(explorerIds(folder, "/home/me/shop/").slice(0, 2), [
    "/home/me/shop/tests/test_a.py::test_one[1]",
    "/home/me/shop/tests/test_a.py::test_two",
  ]);
});

test("a test finds its failure", () => {
  assert.equal(failureOfItem(folder, "/home/me/shop", "/home/me/shop/tests/test_a.py::test_two")?.id, "one");
  assert.equal(failureOfItem(folder, "/home/me/shop", "tests/test_a.py::test_two")?.id, "one");
});

test("what holds several tests finds the first failure below it", () => {
  assert.equal(failureOfItem(folder, "/home/me/shop", "/home/me/shop/tests/test_a.py::test_one")?.id, "one");
  assert.equal(failureOfItem(folder, "/home/me/shop", "/home/me/shop/tests/test_ab.py")?.id, "two");
  assert.equal(failureOfItem(folder, "/home/me/shop", "/home/me/shop/tests")?.id, "one");
});

test("a name that only begins alike is another test", () => {
  assert.equal(failureOfItem(folder, "/home/me/shop", "/home/me/shop/tests/test_a.py::test_on"), undefined);
  assert.equal(failureOfItem(folder, "/home/me/shop", "/home/me/shop/"), undefined);
  assert.equal(failureOfItem(folder, "/home/me/other", "/home/me/shop/tests/test_a.py::test_two"), undefined);
});
