import * as vscode from "vscode";
import type { WorkspaceEdit } from "vscode-languageclient/node";
import type { Diffs } from "./diffs.js";
import { ACCEPT, COMMANDS, type FailureRef, type ProposalRef } from "./protocol.js";
import type { Server } from "./server.js";

/** What the user decides on proposals outside of code actions. */
export class Decisions {
  constructor(
    private readonly server: Server,
    private readonly diffs: Diffs,
  ) {}

  /** Edits the buffers; nothing is saved, and one undo takes it back. */
  async accept({ root, proposal }: ProposalRef): Promise<void> {
    const answer = await this.server.ask<{ readonly edit: WorkspaceEdit | null } | null>(ACCEPT, { root, proposal });
    if (!answer?.edit || this.isStale(answer.edit)) {
      void vscode.window.showWarningMessage("The code has changed since this fix was proved. It is proved again once the tests have run.");
      return;
    }
    const edit = await this.server.toEdit(answer.edit);
    const edited = edit !== undefined && (await vscode.workspace.applyEdit(edit));
    await this.diffs.close({ root, proposal });
    await reveal(edit);
    await this.server.command(COMMANDS.selected, { root, proposal, edited });
  }

  async reject({ root, proposal }: ProposalRef): Promise<void> {
    await this.server.command(COMMANDS.reject, { root, proposal });
    await this.diffs.close({ root, proposal });
  }

  async hint({ root, failure }: FailureRef): Promise<void> {
    const hint = await askHint();
    if (hint) {
      await this.server.command(COMMANDS.retryWithHint, { root, failure, hint });
    }
  }

  /** The conversion to the editor's edit loses the versions, so they are compared before. */
  private isStale(edit: WorkspaceEdit): boolean {
    const versions = (edit.documentChanges ?? []).flatMap((change) =>
      "textDocument" in change ? [change.textDocument] : [],
    );
    return versions.some(({ uri, version }) => {
      const wanted = vscode.Uri.parse(uri).toString();
      const open = vscode.workspace.textDocuments.find((each) => each.uri.toString() === wanted);
      return open !== undefined && version !== null && open.version !== version;
    });
  }
}

export function askHint(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: "What should the code do?",
    prompt: "Your own explanation is used instead of a model's. It is sent to the repair model, if you named one.",
    placeHolder: "An order that just reaches a step gets its discount",
    ignoreFocusOut: true,
  });
}

/** Shows what was edited: from a view, the file may not even be open. */
async function reveal(edit: vscode.WorkspaceEdit | undefined): Promise<void> {
  const [uri, edits] = edit?.entries()[0] ?? [];
  const place = edits?.[0]?.range.start;
  if (uri && place) {
    await vscode.window.showTextDocument(uri, { selection: new vscode.Range(place, place) });
  }
}
