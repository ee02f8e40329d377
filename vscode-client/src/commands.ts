import * as vscode from "vscode";
import type { CostReport } from "./costReport.js";
import { askHint, type Decisions } from "./decisions.js";
import { activeProposal, proposalShown, type Diffs } from "./diffs.js";
import { chooseEditorModel } from "./editorModels.js";
import { pathOf, type Failures } from "./failures.js";
import type { Keys } from "./keys.js";
import type { ModelPackages } from "./modelPackages.js";
import { COMMANDS, hasTexts, type FailureRef, type ProposalRef } from "./protocol.js";
import { likeliestPlace, type FailureNode } from "./repairsView.js";
import type { CommandFilter, Server } from "./server.js";
import type { StatusDisplay } from "./status.js";
import { failureOfItem } from "./testIds.js";

export interface Parts {
  readonly server: Server;
  readonly output: vscode.LogOutputChannel;
  readonly keys: Keys;
  readonly packages: ModelPackages;
  readonly status: StatusDisplay;
  readonly failures: Failures;
  readonly diffs: Diffs;
  readonly decisions: Decisions;
  readonly costReport: CostReport;
}

/** The commands that package.json declares; those of the server are registered by the client library. */
export function registerCommands(parts: Parts): vscode.Disposable {
  const { server, output, keys, packages, decisions, diffs, costReport } = parts;
  const handlers: Record<string, (...args: unknown[]) => unknown> = {
    restart: () => server.restart(),
    runTests: () => onEachRoot(parts, COMMANDS.run),
    stop: () => onEachRoot(parts, COMMANDS.cancel),
    showOutput: () => {
      output.show();
    },
    showCostReport: () => costReport.show(),
    setApiKey: async () => {
      if (await keys.ask()) {
        await server.restart();
      }
    },
    useEditorModel: chooseEditorModel,
    installModelPackages: async () => {
      if (await packages.install(server.launch)) {
        await server.restart();
      }
    },
    explainTrust,
    openWalkthrough: () =>
      vscode.commands.executeCommand("workbench.action.openWalkthrough", "lsp-repair.lsp-repair#start", false),
    accept: (given) => withProposal(given, (proposal) => decisions.accept(proposal)),
    reject: (given) => withProposal(given, (proposal) => decisions.reject(proposal)),
    showDiff: (given) => withProposal(given, (proposal) => diffs.show(proposal)),
    repair: (given) =>
      withFailure(given, ({ root, failure }) => server.command(COMMANDS.repair, { root, failure, models: true })),
    hint: (given) => withFailure(given, (failure) => decisions.hint(failure)),
    explain: (given) =>
      withFailure(given, ({ root, failure }) => server.command(COMMANDS.explain, { root, failure })),
    openFailure: (given) => openFailure(given as FailureNode),
    repairTest: (item) => repairTest(parts, item as Partial<vscode.TestItem> | undefined),
  };
  return vscode.Disposable.from(
    ...Object.entries(handlers).map(([name, handler]) =>
      vscode.commands.registerCommand(`lsp-repair.${name}`, async (...args: unknown[]) => {
        try {
          return await handler(...args);
        } catch (error) {
          void vscode.window.showErrorMessage(`lsp-repair: ${error instanceof Error ? error.message : String(error)}`);
          return undefined;
        }
      }),
    ),
  );
}

/** Where the editor can do better than the server, whoever called: code actions, lenses, key bindings. */
export function betterCommands(diffs: () => Diffs): CommandFilter {
  return async (command, argument) => {
    if (command === COMMANDS.showDiff && hasTexts(argument, "root", "proposal")) {
      await diffs().show(argument);
      return undefined;
    }
    if (command === COMMANDS.retryWithHint && hasTexts(argument, "root", "failure") && !hasTexts(argument, "hint")) {
      const hint = await askHint();
      return hint ? { argument: { ...(argument as object), hint } } : undefined;
    }
    return { argument };
  };
}

async function onEachRoot({ server, status }: Parts, command: string): Promise<void> {
  if (server.state !== "running") {
    await server.restart();
    return;
  }
  await Promise.all(status.roots.map((root) => server.command(command, { root })));
}

async function explainTrust(): Promise<void> {
  const manage = "Manage Workspace Trust";
  const detail = [
    "Tests are programs. Until you trust this workspace, lsp-repair runs none of them and starts no interpreter of the workspace.",
    "Once you do, your tests run in your interpreter, on a private copy of the project: your files, the index and the caches stay as they are.",
    "Candidate fixes run on such a copy too, without your secrets and with limits of their own. How strictly that is enforced depends on the isolation that your machine offers, so do not trust code that you would not run yourself.",
  ].join("\n\n");
  const message = vscode.workspace.isTrusted ? "This workspace is trusted: its tests may run." : "Your tests do not run yet.";
  if ((await vscode.window.showInformationMessage(message, { modal: true, detail }, manage)) === manage) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
}

/** From a node of the view, from the editor's title (a URI), or from the palette (nothing). */
async function withProposal(given: unknown, use: (proposal: ProposalRef) => Promise<void>): Promise<void> {
  const proposal = hasTexts(given, "root", "proposal")
    ? given
    : (given instanceof vscode.Uri ? proposalShown(given) : undefined) ?? activeProposal();
  if (proposal) {
    await use(proposal);
  }
}

async function withFailure(given: unknown, use: (failure: FailureRef) => Promise<unknown>): Promise<void> {
  if (hasTexts(given, "root", "failure")) {
    await use(given);
  }
}

async function openFailure(node: FailureNode | undefined): Promise<void> {
  const place = node && likeliestPlace(node.details);
  if (place) {
    const at = new vscode.Position(place.line, 0);
    await vscode.window.showTextDocument(vscode.Uri.parse(place.uri), { selection: new vscode.Range(at, at) });
  }
}

async function repairTest({ server, failures }: Parts, item: Partial<vscode.TestItem> | undefined): Promise<void> {
  const id = item?.id;
  for (const folder of id === undefined ? [] : failures.folders) {
    const failure = failureOfItem(folder, pathOf(folder.root), id ?? "");
    if (failure) {
      await vscode.commands.executeCommand("lsp-repair.repairs.focus");
      await server.command(COMMANDS.repair, { root: folder.root, failure: failure.id, models: true });
      return;
    }
  }
  void vscode.window.showInformationMessage("lsp-repair does not know of a failure of this test yet. Run the tests first.");
}
