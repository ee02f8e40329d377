import * as vscode from "vscode";
import type { Failures } from "./failures.js";
import type { Failure, FailureRef, Folder, Place, Proposal, ProposalRef } from "./protocol.js";
import { amount, baseName, costText, counted, failureParts, titleParts } from "./summary.js";

export interface FolderNode {
  readonly kind: "folder";
  readonly folder: Folder;
}

export interface FailureNode extends FailureRef {
  readonly kind: "failure";
  readonly details: Failure;
}

export interface ProposalNode extends ProposalRef {
  readonly kind: "proposal";
  readonly details: Proposal;
  readonly parent: FailureNode;
}

export type Node = FolderNode | FailureNode | ProposalNode;

/** The tree folders > failures > proposals; with one folder only, its failures stand at the top. */
export class RepairsView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly subscription: vscode.Disposable;
  private readonly view: vscode.TreeView<Node>;

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly failures: Failures) {
    this.view = vscode.window.createTreeView("lsp-repair.repairs", { treeDataProvider: this, showCollapseAll: true });
    this.subscription = failures.onChange(() => {
      this.changed.fire(undefined);
      const count = failures.folders.reduce((all, folder) => all + proposalsOf(folder), 0);
      this.view.badge = count > 0 ? { value: count, tooltip: counted(count, "proved fix", "proved fixes") } : undefined;
    });
  }

  dispose(): void {
    vscode.Disposable.from(this.subscription, this.view, this.changed).dispose();
  }

  getChildren(node?: Node): Node[] {
    if (!node) {
      const failing = this.failures.folders.filter((folder) => folder.failures.length > 0);
      const only = this.failures.folders.length === 1 ? failing[0] : undefined;
      return only ? failuresIn(only) : failing.map((folder) => ({ kind: "folder", folder }));
    }
    switch (node.kind) {
      case "folder":
        return failuresIn(node.folder);
      case "failure":
        return node.details.proposals.map((details) => ({
          kind: "proposal",
          root: node.root,
          proposal: details.id,
          details,
          parent: node,
        }));
      case "proposal":
        return [];
    }
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case "folder":
        return folderItem(node.folder);
      case "failure":
        return failureItem(node);
      case "proposal":
        return proposalItem(node);
    }
  }
}

/** Where a person looks first: the likeliest place of the fault. */
export function likeliestPlace(failure: Failure): Place | undefined {
  return failure.locations[0];
}

function failuresIn(folder: Folder): FailureNode[] {
  return folder.failures.map((details) => ({ kind: "failure", root: folder.root, failure: details.id, details }));
}

function proposalsOf(folder: Folder): number {
  return folder.failures.reduce((all, failure) => all + failure.proposals.length, 0);
}

function folderItem(folder: Folder): vscode.TreeItem {
  const item = new vscode.TreeItem(baseName(folder.root), vscode.TreeItemCollapsibleState.Expanded);
  item.id = `folder ${folder.root}`;
  item.description = `${folder.failures.length} failing`;
  item.iconPath = vscode.ThemeIcon.Folder;
  item.contextValue = "folder";
  return item;
}

function failureItem({ root, failure, details }: FailureNode): vscode.TreeItem {
  const [name, kind] = failureParts(details);
  const item = new vscode.TreeItem(
    name,
    details.proposals.length > 0 ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None,
  );
  // the editor remembers by its id that a node was collapsed, and it was, while there was nothing to show
  item.id = `failure ${root} ${failure} ${details.proposals.length > 0 ? "with fixes" : ""}`;
  item.description = [kind, severalTests(details), statusText(details)].filter(Boolean).join(" · ");
  item.tooltip = failureTooltip(details);
  item.iconPath = failureIcon(details);
  item.contextValue = "failure";
  if (details.locations.length > 0) {
    item.command = { command: "lsp-repair.openFailure", title: "Go to the Likely Fault", arguments: [{ root, failure, details }] };
  }
  return item;
}

function proposalItem(node: ProposalNode): vscode.TreeItem {
  const { root, proposal, details } = node;
  const [change, proof] = titleParts(details.title);
  const item = new vscode.TreeItem(change);
  item.id = `proposal ${root} ${proposal}`;
  item.description = [proof, costText(amount(details.costUsd))].filter(Boolean).join(" · ");
  item.tooltip = proposalTooltip(details);
  item.iconPath = proposalIcon(details);
  item.contextValue = "proposal";
  item.command = { command: "lsp-repair.showDiff", title: "Show Diff", arguments: [{ root, proposal }] };
  return item;
}

function proposalIcon({ flagged, grade }: Proposal): vscode.ThemeIcon {
  if (flagged) {
    return new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
  }
  return grade === "possible"
    ? new vscode.ThemeIcon("question", new vscode.ThemeColor("list.warningForeground"))
    : new vscode.ThemeIcon("lightbulb-autofix", new vscode.ThemeColor("charts.green"));
}

function failureTooltip({ explanation, tests }: Failure): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendText(explanation);
  for (const test of tests) {
    text.appendMarkdown("\n\n");
    text.appendText(test);
  }
  return text;
}

function proposalTooltip({ title, origin, flagged, behaviour = [] }: Proposal): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendText(titleParts(title).filter(Boolean).join(": "));
  text.appendMarkdown("\n\n");
  for (const line of behaviour) {
    text.appendText(line);
    text.appendMarkdown("\n\n");
  }
  text.appendText(`Found by ${originText(origin)}. Click to see the diff.`);
  if (flagged) {
    text.appendMarkdown("\n\n");
    text.appendText(typeof flagged === "string" ? flagged : "Look carefully: this fix is flagged.");
  }
  return text;
}

function failureIcon({ status }: Failure): vscode.ThemeIcon {
  switch (status) {
    case "flaky":
      return new vscode.ThemeIcon("question", new vscode.ThemeColor("list.warningForeground"));
    case "environment":
      return new vscode.ThemeIcon("vm-outline", new vscode.ThemeColor("list.warningForeground"));
    default:
      return new vscode.ThemeIcon("error", new vscode.ThemeColor("list.errorForeground"));
  }
}

function statusText({ status, proposals }: Failure): string {
  return status !== "proposed" && status !== "possible" && status !== "red" && proposals.length === 0 ? status : "";
}

function severalTests({ tests }: Failure): string {
  return tests.length > 1 ? counted(tests.length, "test") : "";
}

function originText(origin: string): string {
  switch (origin) {
    case "search":
      return "the built-in engine";
    case "model":
      return "a model";
    default:
      return origin;
  }
}
