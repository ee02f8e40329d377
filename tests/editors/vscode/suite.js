// Runs inside the extension host: what a user does with the extension, step by step, each asserted.
"use strict";
const assert = require("node:assert/strict");
const { appendFileSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const vscode = require("vscode");

const WRONG = "value > threshold";
const RIGHT = "value >= threshold";
const PATIENCE_MS = process.env.SUITE_STAND_IN ? 10_000 : 60_000;
const project = process.env.SUITE_PROJECT;
const discount = vscode.Uri.file(join(project, "shop/discount.py"));

function tell(line) {
  appendFileSync(process.env.SUITE_RESULTS, `${line}\n`);
}

/** Asks until the answer is truthy. */
async function until(what, ask) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer) {
      return answer;
    }
    if (Date.now() > end) {
      throw new Error(`waited in vain: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

let api;
let document;

const run = (command, ...args) => vscode.commands.executeCommand(command, ...args);

async function replace(from, to) {
  const at = document.getText().indexOf(from);
  assert.ok(at >= 0, `${from} is not in the buffer`);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(discount, new vscode.Range(document.positionAt(at), document.positionAt(at + from.length)), to);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

function ours() {
  return vscode.languages
    .getDiagnostics()
    .flatMap(([uri, found]) => found.filter((each) => each.source === "lsp-repair").map((diagnostic) => ({ uri, diagnostic })));
}

/** The nodes of the Repairs view, flat. */
function shown(kind, nodes = api.repairs.getChildren()) {
  return nodes.flatMap((node) => [...(node.kind === kind ? [node] : []), ...shown(kind, api.repairs.getChildren(node))]);
}

function focusedDiff() {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff ? input : undefined;
}

function received(method) {
  const lines = readFileSync(process.env.STAND_IN_LOG, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line)).filter((each) => each.method === method).map((each) => each.params);
}

/** What the stand-in was answered. */
function answers() {
  const lines = readFileSync(process.env.STAND_IN_LOG, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line)).filter((each) => each.method === undefined).map((each) => each.result);
}

/** A proposal in the view; a decision and an undo leave none until the tests have run again. */
async function proposed() {
  await run("lsp-repair.runTests");
  return until("a proposal", () => api.summary().state === "idle" && shown("proposal")[0]);
}

/** The edit that the proposal in the view wants is there, and one undo takes it back. */
async function mendedAndUndone() {
  await until("the fix in the buffer", () => document.getText().includes(RIGHT));
  assert.ok(document.isDirty, "a fix is not saved by itself");
  await vscode.window.showTextDocument(document);
  await run("undo");
  assert.ok(document.getText().includes(WRONG), "one undo takes the fix back");
}

const steps = {
  async "the server starts and the tests pass"() {
    const extension = vscode.extensions.getExtension("lsp-repair.lsp-repair");
    document = await vscode.workspace.openTextDocument(discount);
    await vscode.window.showTextDocument(document);
    api = await extension.activate();
    await until("idle", () => api.summary().state === "idle");
    assert.equal(api.summary().failing, 0);
    assert.deepEqual(api.repairs.getChildren(), []);
  },

  async "a broken line is diagnosed once it is saved"() {
    await replace(RIGHT, WRONG);
    assert.ok(await document.save());
    const { diagnostic } = await until("a diagnostic", () => ours()[0]);
    assert.notEqual(diagnostic.message, "");
    await until("a failure in the status", () => api.summary().failing > 0);
  },

  async "the Repairs view shows the failure and a proved fix"() {
    await until("a proposal", () => api.summary().proposals > 0 && shown("proposal").length > 0);
    const [failure] = shown("failure");
    const item = api.repairs.getTreeItem(failure);
    assert.equal(item.contextValue, "failure");
    assert.ok(failure.details.tests.includes("tests/test_discount.py::test_an_order_that_just_reaches_a_step_gets_its_discount"));
    assert.equal(api.repairs.getTreeItem(shown("proposal")[0]).contextValue, "proposal");
  },

  async "the code action fixes the buffer, and one undo takes it back"() {
    const { uri, diagnostic } = ours().find((each) => each.uri.path === discount.path) ?? ours()[0];
    const editor = await vscode.window.showTextDocument(uri);
    editor.selection = new vscode.Selection(diagnostic.range.start, diagnostic.range.start);
    await until("a code action with an edit", async () => {
      const actions = await run("vscode.executeCodeActionProvider", uri, diagnostic.range, "quickfix");
      return actions.some((action) => action.edit !== undefined && action.command?.command === "lspRepair.selected");
    });
    await run("editor.action.codeAction", { kind: "quickfix", apply: "first", preferred: true });
    await mendedAndUndone();
  },

  async "the diff shows the proved text beside the buffer"() {
    const proposal = await proposed();
    await run("lsp-repair.showDiff", proposal);
    const diff = await until("a diff editor", focusedDiff);
    assert.equal(diff.original.toString(), discount.toString());
    assert.equal(diff.modified.scheme, "lsp-repair");
    const proved = await vscode.workspace.openTextDocument(diff.modified);
    assert.equal(proved.getText(), document.getText().replace(WRONG, RIGHT));
    assert.equal(proved.languageId, "python");
  },

  async "the server's own command opens the same diff"() {
    await run("workbench.action.closeActiveEditor");
    const { root, proposal } = shown("proposal")[0];
    await run("lspRepair.showDiff", { root, proposal });
    await until("a diff editor", focusedDiff);
  },

  async "Accept in the diff's title fixes the buffer and closes the diff"() {
    await run("lsp-repair.accept", focusedDiff().modified);
    await until("no diff editor", () => !focusedDiff());
    await mendedAndUndone();
  },

  async "a fix for a text that changed since is refused or still right"() {
    const before = document.getText();
    const proposal = await proposed();
    await replace("return 0", "return 0  # nothing");
    await run("lsp-repair.accept", proposal);
    assert.ok([WRONG, RIGHT].some((each) => document.getText().includes(each)));
    while (document.getText() !== before) {
      await run("undo");
    }
  },

  async "a rejected fix leaves the view"() {
    const proposal = await proposed();
    await run("lsp-repair.reject", proposal);
    await until("its end", () => !shown("proposal").some((each) => each.proposal === proposal.proposal));
  },

  async "the cost report opens"() {
    await run("lsp-repair.showCostReport");
    await until("its tab", () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === "What repair cost");
  },

  async "the mended file clears everything"() {
    await replace(WRONG, RIGHT);
    assert.ok(await document.save());
    await until("no failure", () => api.summary().failing === 0 && ours().length === 0 && shown("failure").length === 0);
  },

  async "the server starts again"() {
    await run("lsp-repair.restart");
    await until("idle", () => api.summary().state === "idle");
  },

  ...(process.env.SUITE_STAND_IN && {
    async "the server was told of trust, of status, and only of settings that were made"() {
      const [{ initializationOptions }] = received("initialize");
      assert.equal(initializationOptions.trusted, true);
      assert.equal(initializationOptions.status, true);
      await vscode.workspace.getConfiguration("lspRepair", discount).update("runOn", "manual", vscode.ConfigurationTarget.Workspace);
      const change = await until("the change", () => received("workspace/didChangeConfiguration")[0]);
      assert.deepEqual(change, { settings: { lspRepair: { runOn: "manual", python: "/opt/selected/bin/python" } } });
    },

    async "the server was answered with the interpreter that the Python extension has selected"() {
      assert.ok(answers().some((each) => Array.isArray(each) && each[0]?.python === "/opt/selected/bin/python"));
    },

    async "a model of the editor answers the server"() {
      await run("lspRepair.run", { root: project, chat: [{ role: "system", content: "a" }, { role: "user", content: "b" }] });
      const answer = await until("the answer", () => answers().find((each) => each?.text || each?.error));
      assert.deepEqual(answer, { text: "2 heard, answered" });
    },

    async "no model answers once the setting is off"() {
      await vscode.workspace.getConfiguration("lspRepair").update("useEditorModels", false, vscode.ConfigurationTarget.Global);
      await until("a new start", () => received("initialize").length === 3 && api.summary().state === "idle");
      await run("lspRepair.run", { root: project, chat: [{ role: "user", content: "b" }] });
      await until("the refusal", () => answers().some((each) => /useEditorModels is off/.test(each?.error)));
    },

    async "a server that crashes is started again, twice"() {
      for (const starts of [4, 5]) {
        await run("lspRepair.run", { root: project, crash: true }).then(undefined, () => undefined);
        await until("a new start", () => received("initialize").length === starts && api.summary().state === "idle");
      }
      await run("lspRepair.run", { root: project, crash: true }).then(undefined, () => undefined);
      await until("its end", () => api.summary().state === "stopped");
      await run("lsp-repair.restart");
      await until("idle", () => api.summary().state === "idle");
    },

    async "each decision reached the server once"() {
      const commands = received("workspace/executeCommand").map((each) => each.command);
      const decisions = commands.filter((each) => each !== "lspRepair.run");
      assert.deepEqual(decisions, [...Array(3).fill("lspRepair.selected"), "lspRepair.reject"]);
      const [, fromTheView] = received("workspace/executeCommand").filter((each) => each.command === "lspRepair.selected");
      assert.equal(fromTheView.arguments[0].edited, true);
    },
  }),
};

exports.run = async () => {
  for (const [name, step] of Object.entries(steps)) {
    const start = Date.now();
    try {
      await step();
    } catch (error) {
      tell(`FAILED  ${name}\n${error instanceof Error ? error.stack : error}`);
      throw error;
    }
    tell(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  }
};
