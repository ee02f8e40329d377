import assert from "node:assert/strict";
import { test } from "node:test";
import { Crashes } from "../src/crashes.js";

const MINUTE = 60_000;

test("the third crash in a row is the last", () => {
  const crashes = new Crashes();
  assert.deepEqual([0, 1, 2].map((each) => crashes.mayRestart(each)), [true, true, false]);
});

test("crashes of long ago are forgotten", () => {
  const crashes = new Crashes();
  assert.deepEqual([0, 6, 12, 18].map((each) => crashes.mayRestart(each * MINUTE)), [true, true, true, true]);
});
