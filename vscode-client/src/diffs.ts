import * as vscode from "vscode";
import { fileOf, queryOf, SCHEME, type ProposalFile } from "./proposalUris.js";
import { DIFF, type ChangedFile, type Diff, type ProposalRef } from "./protocol.js";
import type { Server } from "./server.js";
import { titleParts } from "./summary.js";

const GONE = "This proposal no longer exists: the code has changed, or the server was restarted.\n";

/** Proved texts as documents, and the diff editors that show them beside the buffers. */
export class Diffs implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  constructor(private readonly server: Server) {}

  dispose(): void {
    this.registration.dispose();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const wanted = fileOf(uri.query);
    const diff = wanted && (await this.fetch(wanted));
    const file = wanted && diff?.files.find((each) => sameFile(each.uri, wanted.file));
    return file?.[wanted?.side ?? "after"] ?? GONE;
  }

  /** Opens a diff editor for each changed file, the first one in front. */
  async show(proposal: ProposalRef): Promise<void> {
    const diff = await this.fetch(proposal);
    if (!diff || diff.files.length === 0) {
      void vscode.window.showInformationMessage("This proposal no longer exists.");
      return;
    }
    for (const file of diff.files.toReversed()) {
      await showFile(proposal, diff, file);
    }
  }

  /** Closes the diff editors of a proposal that was decided on. */
  async close(proposal: ProposalRef): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter((tab) => isOf(proposal, tab)));
  }

  private async fetch({ root, proposal }: ProposalRef): Promise<Diff | undefined> {
    try {
      return (await this.server.ask<Diff | null>(DIFF, { root, proposal })) ?? undefined;
    } catch {
      return undefined; // unknown to the server by now
    }
  }
}

/** The proposal that an editor of ours shows. */
export function proposalShown(uri: vscode.Uri | undefined): ProposalFile | undefined {
  return uri?.scheme === SCHEME ? fileOf(uri.query) : undefined;
}

/** The proposal in the active diff editor. */
export function activeProposal(): ProposalFile | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff ? proposalShown(input.modified) : undefined;
}

async function showFile(proposal: ProposalRef, diff: Diff, file: ChangedFile): Promise<void> {
  const real = vscode.Uri.parse(file.uri);
  const name = vscode.workspace.asRelativePath(real);
  const left = (await exists(real)) ? real : side(proposal, file, "before");
  await vscode.commands.executeCommand(
    "vscode.diff",
    left,
    side(proposal, file, "after"),
    `${name}: ${titleParts(diff.title)[0]}`,
    { preview: diff.files.length === 1 } satisfies vscode.TextDocumentShowOptions,
  );
}

function side({ root, proposal }: ProposalRef, file: ChangedFile, which: ProposalFile["side"]): vscode.Uri {
  const query = queryOf({ root, proposal, file: file.uri, side: which });
  return vscode.Uri.from({ scheme: SCHEME, path: vscode.Uri.parse(file.uri).path, query });
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}

function isOf({ root, proposal }: ProposalRef, tab: vscode.Tab): boolean {
  const shown = tab.input instanceof vscode.TabInputTextDiff ? proposalShown(tab.input.modified) : undefined;
  return shown?.root === root && shown.proposal === proposal;
}

function sameFile(one: string, other: string): boolean {
  return vscode.Uri.parse(one).toString() === vscode.Uri.parse(other).toString();
}
