import * as vscode from "vscode";
import { FAILURES, type Folder } from "./protocol.js";
import type { Server } from "./server.js";
import { explorerIds } from "./testIds.js";

const SETTLE_MS = 100;

/** What the server knows to fail, kept fresh by its status notifications. */
export class Failures implements vscode.Disposable {
  private known: readonly Folder[] = [];
  private timer: NodeJS.Timeout | undefined;
  private round = 0;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];

  readonly onChange = this.changed.event;

  constructor(private readonly server: Server) {
    this.subscriptions = [
      server.onStatus(() => {
        this.timer ??= setTimeout(() => void this.refresh(), SETTLE_MS);
      }),
      server.onState((state) => {
        if (state !== "running") {
          this.become([]);
        }
      }),
    ];
  }

  get folders(): readonly Folder[] {
    return this.known;
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.subscriptions, this.changed).dispose();
  }

  private async refresh(): Promise<void> {
    this.timer = undefined;
    const round = ++this.round;
    const answer = await this.server.ask<{ readonly folders: readonly Folder[] }>(FAILURES, {}).catch(() => undefined);
    if (answer && round === this.round) {
      this.become(answer.folders);
    }
  }

  private become(folders: readonly Folder[]): void {
    this.known = folders;
    this.changed.fire();
    const ids = folders.flatMap((folder) => explorerIds(folder, pathOf(folder.root)));
    void vscode.commands.executeCommand("setContext", "lspRepair.failingTests", ids);
  }
}

/** The path of a root, which the server names by its path or by its URI. */
export function pathOf(root: string): string {
  return root.includes("://") ? vscode.Uri.parse(root).fsPath : root;
}
