import * as vscode from "vscode";
import { COST_REPORT } from "./protocol.js";
import { guarded } from "./reportPage.js";
import type { Server } from "./server.js";

/** The page of costs, in one panel. */
export class CostReport implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;

  constructor(private readonly server: Server) {}

  dispose(): void {
    this.panel?.dispose();
  }

  async show(): Promise<void> {
    const answer = await this.server.ask<{ readonly html: string }>(COST_REPORT, {});
    if (!answer) {
      void vscode.window.showInformationMessage("The cost report comes from the server, which is not running.");
      return;
    }
    const page = guarded(answer.html);
    const panel = this.panel ?? this.open();
    panel.webview.options = { enableScripts: page.scripts, localResourceRoots: [] };
    panel.webview.html = page.html;
    panel.reveal();
  }

  private open(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel("lsp-repair.costReport", "What repair cost", vscode.ViewColumn.Active, {
      localResourceRoots: [],
      enableFindWidget: true,
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    this.panel = panel;
    return panel;
  }
}
