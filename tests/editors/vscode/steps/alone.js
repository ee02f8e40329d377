// What only the stand-in can tell: what the server was sent, and what it was answered.
"use strict";
const assert = require("node:assert/strict");
const vscode = require("vscode");
const { WRONG, RIGHT, answers, api, commanded, discount, idle, please, project, received, run, shown, start, until, write } = require("./tools.js");

const SELECTED = "/opt/selected/bin/python";
const TEST = "tests/test_discount.py::test_an_order_that_just_reaches_a_step_gets_its_discount";

const crash = () => run("lspRepair.run", { root: project, crash: true }).then(undefined, () => undefined);

exports["each decision reached the server once"] = async () => {
  const decisions = received("workspace/executeCommand").map((each) => each.command).filter((each) => each !== "lspRepair.run");
  assert.deepEqual(decisions, [...Array(3).fill("lspRepair.selected"), "lspRepair.reject"]);
  assert.equal(commanded("selected")[1].edited, true);
};

exports["the server was told of trust, of status, and only of settings that were made"] = async () => {
  const [{ initializationOptions }] = received("initialize");
  assert.equal(initializationOptions.trusted, true);
  assert.equal(initializationOptions.status, true);
  assert.equal(initializationOptions.editorModels, true);
  await vscode.workspace.getConfiguration("lspRepair", discount).update("runOn", "manual", vscode.ConfigurationTarget.Workspace);
  const change = await until("the change", () => received("workspace/didChangeConfiguration")[0]);
  assert.deepEqual(change, { settings: { lspRepair: { runOn: "manual", python: SELECTED } } });
};

exports["the server was answered with the interpreter that the Python extension has selected"] = async () => {
  assert.ok(answers().some((each) => Array.isArray(each) && each[0]?.python === SELECTED));
};

exports["a hint typed into the box reaches the server"] = async () => {
  await start();
  await write(RIGHT, WRONG);
  await until("a failure", () => shown("failure")[0]);
  const { root, failure } = shown("failure")[0];
  void run("lsp-repair.hint", shown("failure")[0]);
  await please({ fill: "an order that just reaches a step" });
  assert.deepEqual(await until("the hint", () => commanded("retryWithHint")[0]), { root, failure, hint: "an order that just reaches a step" });
  void run("lspRepair.retryWithHint", { root, failure }); // as from a code action
  await please({ fill: "of any value" });
  assert.equal((await until("the hint", () => commanded("retryWithHint")[1])).hint, "of any value");
};

exports["a failing test of the Test Explorer is repaired from there"] = async () => {
  await idle();
  const controller = vscode.tests.createTestController("stub", "Stub");
  const item = controller.createTestItem(`${project}/${TEST}`, "a test");
  await run("lsp-repair.repairTest", item);
  controller.dispose();
  const [{ root, failure }] = shown("failure");
  assert.deepEqual(commanded("repair")[0], { root, failure, models: true });
};

exports["a model of the editor answers the server"] = async () => {
  await run("lspRepair.run", { root: project, chat: [{ role: "system", content: "a" }, { role: "user", content: "b" }] });
  const answer = await until("the answer", () => answers().find((each) => each?.text || each?.error));
  assert.deepEqual(answer, { text: "2 heard, answered", modelId: "stub-1" });
};

exports["no model answers once the setting is off"] = async () => {
  await vscode.workspace.getConfiguration("lspRepair").update("useEditorModels", false, vscode.ConfigurationTarget.Global);
  await until("a new start", () => received("initialize").length === 3 && api().summary().state === "idle");
  await run("lspRepair.run", { root: project, chat: [{ role: "user", content: "b" }] });
  await until("the refusal", () => answers().some((each) => /useEditorModels is off/.test(each?.error)));
};

exports["the user's choice of a model is kept in the settings"] = async () => {
  void run("lsp-repair.useEditorModel");
  await please({ fill: "Stub" });
  await please({ fill: "Nothing beyond" });
  const told = () => received("workspace/didChangeConfiguration").at(-1).settings.lspRepair.repairModel;
  await until("the model", () => JSON.stringify(told()) === '{"model":"stub-1","preset":"editor","price":0}' || answers().some((each) => each?.[0]?.repairModel?.price === 0));
  await until("a new start", () => received("initialize").length === 4 && api().summary().state === "idle");
  assert.equal(vscode.workspace.getConfiguration("lspRepair").get("repairModel"), "editor/stub-1");
};

exports["a key goes into the secret storage, and from there to the server alone"] = async () => {
  void run("lsp-repair.setApiKey");
  await please({ fill: "OPENAI_API_KEY" });
  await please({ fill: "sk-a-secret" });
  await until("a new start", () => received("initialize").length === 5 && api().summary().state === "idle");
  await run("lspRepair.run", { root: project, environment: "OPENAI_API_KEY" });
  await until("the key", () => received("stand-in/environment").some((each) => each.value === "sk-a-secret"));
  assert.equal(process.env.OPENAI_API_KEY, undefined);
  assert.ok(!JSON.stringify(vscode.workspace.getConfiguration()).includes("sk-a-secret"));
};

exports["a server that crashes is started again, twice"] = async () => {
  for (const starts of [6, 7]) {
    await crash();
    await until("a new start", () => received("initialize").length === starts && api().summary().state === "idle");
  }
  await crash();
  await until("its end", () => api().summary().state === "stopped");
  await run("lsp-repair.restart");
  await idle();
};
