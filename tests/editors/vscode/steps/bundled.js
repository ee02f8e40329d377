// The server that comes with the extension, in an interpreter that has none of its packages.
"use strict";
const assert = require("node:assert/strict");
const { WRONG, RIGHT, api, idle, mendedAndUndone, please, run, shown, start, until, write } = require("./tools.js");

exports["the bundled server starts, and says that models of providers are off"] = async () => {
  await start();
  await idle();
  const { bundled, models } = api().launch();
  assert.deepEqual({ bundled, models }, { bundled: true, models: false });
};

exports["it proves a fix"] = async () => {
  await write(RIGHT, WRONG);
  await until("a proposal", () => shown("proposal")[0]);
  await run("lsp-repair.accept", shown("proposal")[0]);
  await mendedAndUndone();
};

exports["what models need is installed when the user wants it"] = async () => {
  void run("lsp-repair.installModelPackages");
  await please({ fill: "Install" });
  await until("the packages", () => api().launch()?.models);
  await idle();
  assert.equal(api().launch().bundled, true);
};
