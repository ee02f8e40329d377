import assert from "node:assert/strict";
import { test } from "node:test";
import { fileOf, queryOf } from "../src/proposalUris.js";
import { hasTexts } from "../src/protocol.js";

test("a proposal's file comes back from its query", () => {
  const file = { root: "/a b/ü", proposal: "p&1=#?", file: "file:///a%20b/x.py", side: "before" } as const;
  assert.deepEqual(fileOf(queryOf(file)), file);
});

test("a query of somebody else names nothing", () => {
  for (const query of ["", "{}", "null", "a=b", '{"root":"r","proposal":"p","file":"f","side":"left"}']) {
    assert.equal(fileOf(query), undefined, query);
  }
});

test("only objects with texts have texts", () => {
  assert.ok(hasTexts({ root: "r", proposal: "" }, "root", "proposal"));
  assert.ok(![undefined, null, "root", [], { root: 1 }].some((value) => hasTexts(value, "root")));
});
