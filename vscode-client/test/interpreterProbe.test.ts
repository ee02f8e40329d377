import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { choose, PROBE, readProbe, whyNot, type Probed } from "../src/interpreterProbe.js";

const tag = "cpython-312-linux-x86_64";
const old: Probed = { python: "/old/python", version: [3, 9], server: false, models: false, tag };
const bare: Probed = { python: "/bare/python", version: [3, 12], server: false, models: true, tag };
const full: Probed = { python: "/full/python", version: [3, 11], server: true, models: true, tag };

test("an interpreter with the server is preferred to one that comes before it", () => {
  assert.deepEqual(choose([bare, full], true), { python: "/full/python", bundled: false, models: true, tag });
});

test("else the bundled server runs, without models, in the first interpreter that is recent enough", () => {
  assert.deepEqual(choose([old, bare], true), { python: "/bare/python", bundled: true, models: false, tag });
});

test("without a bundle or a recent interpreter there is nothing to run", () => {
  assert.equal(choose([old, bare], false), undefined);
  assert.equal(choose([old], true), undefined);
  assert.match(whyNot(["python3"], [], true), /found no Python.*python3/);
  assert.match(whyNot(["/old/python"], [old], true), /3\.11 or later, and \/old\/python is 3\.9/);
  assert.match(whyNot(["/bare/python"], [bare], false), /not installed/);
});

test("what an interpreter prints before its answer does not matter", () => {
  const output = 'hello from sitecustomize\n{"version": [3, 12], "server": true, "models": false, "tag": "cpython-312-mac osx"}\n';
  const probed = { python: "python", version: [3, 12], server: true, models: false, tag: "cpython-312-mac_osx" };
  assert.deepEqual(readProbe("python", output), probed);
});

test("an answer that is none is none", () => {
  for (const output of ["", "Python 2.7", "{}", '{"version": "3.12"}', "null"]) {
    assert.equal(readProbe("python", output), undefined, output);
  }
});

test("a real interpreter answers", () => {
  const output = execFileSync("python3", ["-c", PROBE], { encoding: "utf8" });
  const probed = readProbe("python3", output);
  assert.equal(probed?.version[0], 3);
  assert.match(probed.tag, /^cpython-3\d+-/);
});
