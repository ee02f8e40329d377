import * as vscode from "vscode";
import type { Status } from "./protocol.js";
import type { Server } from "./server.js";
import { costText, sentence, shortText, summarise, type Summary } from "./summary.js";

const INSTALL = "lsp-repair.installModelPackages";

/** The status of all folders: in the status bar, beside the language, and as the context key `lspRepair.state`. */
export class StatusDisplay implements vscode.Disposable {
  private readonly statuses = new Map<string, Status>();
  private readonly bar = vscode.window.createStatusBarItem("lsp-repair.status", vscode.StatusBarAlignment.Left, 1);
  private readonly language = vscode.languages.createLanguageStatusItem("lsp-repair.status", { language: "python" });
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly server: Server) {
    this.bar.name = "lsp-repair";
    this.bar.command = "lsp-repair.repairs.focus";
    this.language.name = "lsp-repair";
    this.subscriptions = [
      server.onStatus((status) => {
        this.statuses.set(status.root, status);
        this.show();
      }),
      server.onState((state) => {
        if (state !== "running") {
          this.statuses.clear();
        }
        this.show();
      }),
    ];
    this.show();
    this.bar.show();
  }

  get summary(): Summary {
    return summarise([...this.statuses.values()], this.server.state);
  }

  /** Whether the extension could install what is missing for models of providers. */
  private get lacksPackages(): boolean {
    return this.server.launch?.bundled === true && !this.server.launch.models;
  }

  /** The folders the server told about. */
  get roots(): string[] {
    return [...this.statuses.keys()];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions, this.bar, this.language).dispose();
  }

  private show(): void {
    const summary = this.summary;
    void vscode.commands.executeCommand("setContext", "lspRepair.state", summary.state);
    void vscode.commands.executeCommand("setContext", "lspRepair.hasFailures", summary.failing > 0);
    void vscode.commands.executeCommand("setContext", "lspRepair.lacksModelPackages", this.lacksPackages);
    this.showBar(summary);
    this.showLanguage(summary);
  }

  private showBar(summary: Summary): void {
    this.bar.text = shortText(summary);
    this.bar.tooltip = this.tooltip(summary);
    this.bar.accessibilityInformation = { label: `lsp-repair: ${sentence(summary)}` };
    this.bar.backgroundColor =
      summary.state === "broken" ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  }

  private showLanguage(summary: Summary): void {
    const severities: Partial<Record<Summary["state"], vscode.LanguageStatusSeverity>> = {
      broken: vscode.LanguageStatusSeverity.Error,
      stopped: vscode.LanguageStatusSeverity.Error,
      untrusted: vscode.LanguageStatusSeverity.Warning,
    };
    this.language.severity = severities[summary.state] ?? vscode.LanguageStatusSeverity.Information;
    this.language.busy = ["starting", "testing", "repairing"].includes(summary.state);
    this.language.text = sentence(summary);
    this.language.detail = [...this.details(summary)].join(" · ");
    this.language.command =
      summary.state === "stopped"
        ? { title: "Restart", command: "lsp-repair.restart" }
        : summary.state === "untrusted"
          ? { title: "What that means", command: "lsp-repair.explainTrust" }
          : { title: "Show repairs", command: "lsp-repair.repairs.focus" };
  }

  private tooltip(summary: Summary): vscode.MarkdownString {
    const text = new vscode.MarkdownString();
    text.appendText(`lsp-repair: ${sentence(summary)}`);
    for (const line of [...summary.lines, ...this.details(summary)].filter((each) => each)) {
      text.appendMarkdown("\n\n");
      text.appendText(line);
    }
    if (this.lacksPackages) {
      text.isTrusted = { enabledCommands: [INSTALL] };
      text.appendMarkdown(`\n\n[Install them](command:${INSTALL})`);
    }
    return text;
  }

  private *details(summary: Summary): Generator<string> {
    if (this.statuses.size > 0) {
      yield `models cost ${costText(summary.costUsd)} today`;
    }
    const launch = this.server.launch;
    if (launch && !launch.models) {
      yield "models of providers are off: their packages are not installed";
    }
  }
}
