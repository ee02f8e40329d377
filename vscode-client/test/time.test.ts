import assert from "node:assert/strict";
import { test } from "node:test";
import { within } from "../src/time.js";

test("what is done in time is its result", async () => {
  assert.equal(await within(1000, Promise.resolve(1)), 1);
  await assert.rejects(within(1000, Promise.reject(new Error("its own"))), /its own/);
});

test("what is late is given up", async () => {
  await assert.rejects(within(1, new Promise(() => undefined)), /no answer for 0.001 seconds/);
});
