// What a user does, with the server as with the stand-in.
"use strict";
const assert = require("node:assert/strict");
const vscode = require("vscode");
const { WRONG, RIGHT, api, buffer, diagnostics, discount, focusedDiff, idle, mendedAndUndone, please, proposed, replace, run, shown,
  start, text, until, write } = require("./tools.js");

const STATUS = '[id="lsp-repair.lsp-repair.lsp-repair.status"], [id="lsp-repair.lsp-repair.status"]';
const TEST = "tests/test_discount.py::test_an_order_that_just_reaches_a_step_gets_its_discount";
const row = (name) => `.pane-body .monaco-list-row:has-text("${name}")`;
const inline = (name, action) => `${row(name)} .actions .action-label[aria-label^="${action}"]`;

async function statusBar(expected) {
  await until(`${expected} in the status bar`, async () => (await please({ read: STATUS })).includes(expected));
}

exports["the server starts and the tests pass"] = async () => {
  await start();
  await idle();
  assert.equal(api().summary().failing, 0);
  assert.deepEqual(api().repairs.getChildren(), []);
  await statusBar("0 failing");
};

exports["a broken line is diagnosed once it is saved"] = async () => {
  await write(RIGHT, WRONG);
  const { diagnostic } = await until("a diagnostic", () => diagnostics()[0]);
  assert.notEqual(diagnostic.message, "");
  await until("a failure in the status", () => api().summary().failing > 0);
};

exports["the Repairs view shows the failure and a proved fix"] = async () => {
  await until("a proposal", () => api().summary().proposals > 0 && shown("proposal").length > 0);
  const [failure] = shown("failure");
  assert.equal(api().repairs.getTreeItem(failure).contextValue, "failure");
  assert.ok(failure.details.tests.includes(TEST));
  assert.equal(api().repairs.getTreeItem(shown("proposal")[0]).contextValue, "proposal");
  await statusBar("1 failing, 1 fix");
};

exports["the code action fixes the buffer, and one undo takes it back"] = async () => {
  const { uri, diagnostic } = diagnostics().find((each) => each.uri.path === discount.path) ?? diagnostics()[0];
  const editor = await vscode.window.showTextDocument(uri);
  editor.selection = new vscode.Selection(diagnostic.range.start, diagnostic.range.start);
  await until("a code action with an edit", async () => {
    const actions = await run("vscode.executeCodeActionProvider", uri, diagnostic.range, "quickfix");
    return actions.some((action) => action.edit !== undefined && action.command?.command === "lspRepair.selected");
  });
  await run("editor.action.codeAction", { kind: "quickfix", apply: "first", preferred: true });
  await mendedAndUndone();
};

exports["a click in the view shows the proved text beside the buffer"] = async () => {
  await proposed();
  await run("lsp-repair.repairs.focus");
  await please({ click: row("in percent_off") });
  const diff = await until("a diff editor", focusedDiff);
  assert.equal(diff.original.toString(), discount.toString());
  assert.equal(diff.modified.scheme, "lsp-repair");
  const proved = await vscode.workspace.openTextDocument(diff.modified);
  assert.equal(proved.getText(), text().replace(WRONG, RIGHT));
  assert.equal(proved.languageId, "python");
};

exports["the server's own command opens the same diff"] = async () => {
  await run("workbench.action.closeActiveEditor");
  const { root, proposal } = shown("proposal")[0];
  await run("lspRepair.showDiff", { root, proposal });
  await until("a diff editor", focusedDiff);
};

exports["Accept in the diff's title fixes the buffer and closes the diff"] = async () => {
  await please({ click: '.editor-actions .action-label[aria-label^="Accept Fix"]' });
  await until("no diff editor", () => !focusedDiff());
  await mendedAndUndone();
};

exports["Accept in the view fixes the buffer"] = async () => {
  await proposed();
  await run("lsp-repair.repairs.focus");
  await please({ hover: row("in percent_off") });
  await please({ click: inline("in percent_off", "Accept Fix") });
  await mendedAndUndone();
};

exports["a fix for a line that changed since is refused"] = async () => {
  const proposal = await proposed();
  await replace(WRONG, "value > threshold + 0");
  const changed = text();
  await run("lsp-repair.accept", proposal);
  assert.equal(text(), changed);
  await vscode.window.showTextDocument(buffer());
  await run("undo");
  assert.ok(text().includes(`${WRONG}:`));
};

exports["Reject in the diff's title closes the diff, and the fix leaves the view"] = async () => {
  const proposal = await proposed();
  await run("lsp-repair.showDiff", proposal);
  await until("a diff editor", focusedDiff);
  await please({ click: '.editor-actions .action-label[aria-label^="Reject Fix"]' });
  await until("its end", () => !shown("proposal").some((each) => each.proposal === proposal.proposal));
  await until("no diff editor", () => !focusedDiff());
};

exports["the cost report opens"] = async () => {
  await run("lsp-repair.showCostReport");
  await until("its tab", () => vscode.window.tabGroups.activeTabGroup.activeTab?.label === "What repair cost");
};

exports["the mended file clears everything"] = async () => {
  await vscode.window.showTextDocument(buffer());
  await write(WRONG, RIGHT);
  await until("no failure", () => api().summary().failing === 0 && diagnostics().length === 0 && shown("failure").length === 0);
};

exports["the server starts again"] = async () => {
  await run("lsp-repair.restart");
  await idle();
};
