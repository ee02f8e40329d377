import * as path from "node:path";
import * as vscode from "vscode";
import { betterCommands, registerCommands } from "./commands.js";
import { CostReport } from "./costReport.js";
import { Decisions } from "./decisions.js";
import { Diffs } from "./diffs.js";
import { Failures } from "./failures.js";
import type { Launch } from "./interpreterProbe.js";
import { Keys } from "./keys.js";
import { ModelPackages } from "./modelPackages.js";
import { onInterpreterSelected } from "./python.js";
import { RepairsView, type Node } from "./repairsView.js";
import { Server } from "./server.js";
import { StatusDisplay } from "./status.js";
import type { Summary } from "./summary.js";

/** What other extensions may read. */
export interface Api {
  summary(): Summary;
  /** How the server was started. */
  launch(): Launch | undefined;
  readonly repairs: vscode.TreeDataProvider<Node>;
}

let running: Server | undefined;

export function activate(context: vscode.ExtensionContext): Api {
  const output = vscode.window.createOutputChannel("lsp-repair", { log: true });
  const keys = new Keys(context);
  const bundle = path.join(context.extensionPath, "bundled");
  const packages = new ModelPackages(context.globalStorageUri.fsPath, bundle, output);
  const server: Server = new Server(context.extensionPath, output, keys, packages, betterCommands(() => diffs));
  const status = new StatusDisplay(server);
  const failures = new Failures(server);
  const repairs = new RepairsView(failures);
  const diffs = new Diffs(server);
  const decisions = new Decisions(server, diffs);
  const costReport = new CostReport(server);
  context.subscriptions.push(
    registerCommands({ server, output, keys, packages, status, failures, diffs, decisions, costReport }),
    costReport,
    diffs,
    repairs,
    failures,
    status,
    server,
    output,
    ...followTheEditor(server),
  );
  void onInterpreterSelected(() => void server.settingsChanged()).then((listener) => context.subscriptions.push(listener));
  running = server;
  void server.restart();
  return { summary: () => status.summary, launch: () => server.launch, repairs };
}

export async function deactivate(): Promise<void> {
  await running?.stop();
}

function followTheEditor(server: Server): vscode.Disposable[] {
  let atStart = settingsAtStart();
  return [
    vscode.workspace.onDidGrantWorkspaceTrust(() => void server.restart()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      if (server.state === "stopped") {
        void server.restart();
      }
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      const now = settingsAtStart();
      if (now !== atStart) {
        atStart = now;
        void server.restart();
      } else if (event.affectsConfiguration("lspRepair")) {
        void server.settingsChanged();
      }
    }),
  ];
}

/** What only a new start of the server takes in. */
function settingsAtStart(): string {
  const section = vscode.workspace.getConfiguration("lspRepair");
  return JSON.stringify([section.get("serverPython"), section.get("useEditorModels")]);
}
