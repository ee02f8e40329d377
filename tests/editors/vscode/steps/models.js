// The whole way from a model of the editor to a proved fix, and a server that is killed.
"use strict";
const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { writeFileSync } = require("node:fs");
const { join } = require("node:path");
const vscode = require("vscode");
const { api, diagnostics, idle, please, project, proposed, run, shown, start, text, until, write } = require("./tools.js");

const words = vscode.Uri.file(join(project, "shop/words.py"));
const of = (kind) => shown(kind).find((each) => (each.parent ?? each).details.tests.some((test) => test.includes("test_words")));

/** The process of the server; undefined while there is none. */
function server() {
  const children = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n").map((line) => line.trim().split(/\s+/));
  const found = children.find(([, parent, ...args]) => Number(parent) === process.pid && args.join(" ").endsWith("-m lsp_repair serve"));
  return found && Number(found[0]);
}

exports["a failure that the built-in engine cannot repair has no fix"] = async () => {
  writeFileSync(words.fsPath, "def plural(word):\n    return word\n");
  const test = "from shop.words import plural\n\n\ndef test_words():\n    assert plural('cat') == 'cats'\n    assert plural('box') == 'boxes'\n";
  writeFileSync(join(project, "tests/test_words.py"), test);
  await run("lsp-repair.runTests");
  await until("a failure", () => of("failure"));
  await idle();
  assert.equal(of("proposal"), undefined);
};

exports["a hint and a model of the editor lead to a proved fix"] = async () => {
  void run("lsp-repair.hint", of("failure"));
  await please({ fill: "words in x take es" });
  const { details } = await until("a proposal", () => of("proposal"));
  assert.match(details.title, /fixes 1 test/);
  assert.equal(details.origin, "model");
};

exports["its fix is accepted, and then all tests pass"] = async () => {
  await run("lsp-repair.accept", of("proposal"));
  const document = await until("the fix in the buffer", () =>
    vscode.workspace.textDocuments.find((each) => each.uri.path === words.path && each.getText().includes("endswith")));
  assert.ok(await document.save());
  await until("no failure", () => api().summary().failing === 0 && api().summary().state === "idle");
};

exports["after the server was killed, everything works again"] = async () => {
  const before = server();
  process.kill(before, "SIGKILL");
  await until("another server", () => api().summary().state === "idle" && ![before, undefined].includes(server()));
  await start();
  // Another fault than the one whose fix was rejected before: that one does not come back.
  await write("value - value", "value + value");
  await until("a diagnostic", () => diagnostics()[0]);
  await run("lsp-repair.accept", await proposed());
  await until("the fix in the buffer", () => text().includes("value - value"));
};
