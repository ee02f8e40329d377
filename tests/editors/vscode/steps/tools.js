// What the steps share: the buffer, the view, the commands, and what a user does with mouse and keyboard.
"use strict";
const assert = require("node:assert/strict");
const { appendFileSync, existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const vscode = require("vscode");

const WRONG = "value > threshold";
const RIGHT = "value >= threshold";
const PATIENCE_MS = process.env.STAND_IN_LOG ? 30_000 : 150_000;
const project = process.env.SUITE_PROJECT;
const discount = vscode.Uri.file(join(project, "shop/discount.py"));

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

const run = (command, ...args) => vscode.commands.executeCommand(command, ...args);

let given;

/** What the extension exports. */
async function start() {
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(discount));
  given = await vscode.extensions.getExtension("lsp-repair.lsp-repair").activate();
}

const api = () => given;

function buffer() {
  return vscode.workspace.textDocuments.find((each) => each.uri.toString() === discount.toString());
}

const text = () => buffer().getText();

async function replace(from, to) {
  const at = text().indexOf(from);
  assert.ok(at >= 0, `${from} is not in the buffer`);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(discount, new vscode.Range(buffer().positionAt(at), buffer().positionAt(at + from.length)), to);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

/** Breaks or mends the line, and saves. */
async function write(from, to) {
  await replace(from, to);
  assert.ok(await buffer().save());
}

function diagnostics() {
  return vscode.languages
    .getDiagnostics()
    .flatMap(([uri, found]) => found.filter((each) => each.source === "lsp-repair").map((diagnostic) => ({ uri, diagnostic })));
}

/** The nodes of the Repairs view, flat. */
function shown(kind, nodes = given.repairs.getChildren()) {
  return nodes.flatMap((node) => [...(node.kind === kind ? [node] : []), ...shown(kind, given.repairs.getChildren(node))]);
}

function focusedDiff() {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff ? input : undefined;
}

const idle = () => until("idle", () => given.summary().state === "idle");

/** A proposal in the view; a decision and an undo leave none until the tests have run again. */
async function proposed() {
  await run("lsp-repair.runTests");
  return until("a proposal", () => given.summary().state === "idle" && shown("proposal")[0]);
}

/** The edit that the proposal in the view wants is there, and one undo takes it back. */
async function mendedAndUndone() {
  await until("the fix in the buffer", () => text().includes(RIGHT));
  assert.ok(buffer().isDirty, "a fix is not saved by itself");
  await vscode.window.showTextDocument(buffer());
  await run("undo");
  assert.ok(text().includes(WRONG), "one undo takes the fix back");
}

function lines(file) {
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line)) : [];
}

let asked = 0;

/** Something done in the browser, with mouse and keyboard: `{ fill }`, `{ click }`, `{ hover }`, `{ read }`; see hands.mjs. */
async function please(wish) {
  const id = ++asked;
  appendFileSync(process.env.SUITE_WISHES, `${JSON.stringify({ id, ...wish })}\n`);
  const { error, result } = await until(JSON.stringify(wish), () => lines(process.env.SUITE_ANSWERS).find((each) => each.id === id));
  assert.equal(error, undefined, JSON.stringify(wish));
  return result;
}

/** What the stand-in received for a method. */
function received(method) {
  return lines(process.env.STAND_IN_LOG).filter((each) => each.method === method).map((each) => each.params);
}

/** The arguments of a command that reached the stand-in. */
function commanded(name) {
  return received("workspace/executeCommand").filter((each) => each.command === `lspRepair.${name}`).map((each) => each.arguments[0]);
}

/** What the stand-in was answered. */
function answers() {
  return lines(process.env.STAND_IN_LOG).filter((each) => each.method === undefined).map((each) => each.result);
}

module.exports = { WRONG, RIGHT, project, discount, until, run, start, api, buffer, text, replace, write, diagnostics, shown,
  focusedDiff, idle, proposed, mendedAndUndone, please, received, commanded, answers };
