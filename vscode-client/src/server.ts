import { existsSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import {
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  State as ClientState,
  type LanguageClientOptions,
  type Middleware,
  type WorkspaceEdit,
} from "vscode-languageclient/node";
import { Crashes } from "./crashes.js";
import { chat } from "./editorModels.js";
import { findInterpreter, NoInterpreter } from "./interpreter.js";
import type { Launch } from "./interpreterProbe.js";
import type { Keys } from "./keys.js";
import type { ModelPackages } from "./modelPackages.js";
import * as protocol from "./protocol.js";
import { settingsFor } from "./settings.js";
import { within } from "./time.js";

const START_TIMEOUT_MS = 60_000;

export type ServerState = "starting" | "running" | "stopped";

/** What the user asks of a server command before it is sent; undefined: do not send it. */
export type CommandFilter = (command: string, argument: unknown) => Promise<{ argument: unknown } | undefined>;

/** The server's process and the connection to it; start, stop and restart follow one another. */
export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private queue: Promise<void> = Promise.resolve();
  private readonly stateChanged = new vscode.EventEmitter<ServerState>();
  private readonly statusReceived = new vscode.EventEmitter<protocol.Status>();
  private current: ServerState = "stopped";
  private launched: Launch | undefined;

  readonly onState = this.stateChanged.event;
  readonly onStatus = this.statusReceived.event;

  constructor(
    private readonly extensionPath: string,
    private readonly output: vscode.LogOutputChannel,
    private readonly keys: Keys,
    private readonly packages: ModelPackages,
    private readonly filter: CommandFilter,
  ) {}

  get state(): ServerState {
    return this.current;
  }

  /** How the running server was started. */
  get launch(): Launch | undefined {
    return this.launched;
  }

  restart(): Promise<void> {
    this.queue = this.queue.then(async () => {
      await this.end();
      if (vscode.workspace.workspaceFolders?.length) {
        await this.start();
      }
    });
    return this.queue;
  }

  stop(): Promise<void> {
    this.queue = this.queue.then(() => this.end());
    return this.queue;
  }

  dispose(): void {
    this.stateChanged.dispose();
    this.statusReceived.dispose();
  }

  /** Runs a command of the server; undefined when no server runs. */
  async command(name: string, argument: object): Promise<unknown> {
    return this.ask("workspace/executeCommand", { command: name, arguments: [argument] });
  }

  /** Sends a request; undefined when no server runs. */
  async ask<Result>(method: string, params: object): Promise<Result | undefined> {
    return this.client?.isRunning() ? this.client.sendRequest<Result>(method, params) : undefined;
  }

  async toEdit(edit: WorkspaceEdit): Promise<vscode.WorkspaceEdit | undefined> {
    return this.client?.protocol2CodeConverter.asWorkspaceEdit(edit);
  }

  /** Tells the server to pull the settings again. */
  async settingsChanged(): Promise<void> {
    if (this.client?.isRunning()) {
      await this.client.sendNotification(DidChangeConfigurationNotification.type, {
        settings: { lspRepair: await settingsFor() },
      });
    }
  }

  private async start(): Promise<void> {
    this.become("starting");
    const bundle = existingFolder(path.join(this.extensionPath, "bundled"));
    try {
      const found = await findInterpreter(this.extensionPath, bundle);
      const packages = this.packages.folderFor(found);
      this.launched = { ...found, models: found.models || packages !== undefined };
      this.output.info(startLine(this.launched));
      this.client = await this.connect(this.launched, bundle, packages);
      await within(START_TIMEOUT_MS, this.client.start()); // a server that never answers would block every restart
      this.become("running");
    } catch (error) {
      await this.end();
      void this.complain(error);
    }
  }

  private async connect(launch: Launch, bundle?: string, packages?: string): Promise<LanguageClient> {
    const env: NodeJS.ProcessEnv = { ...process.env, ...(await this.keys.environment()) };
    delete env.ELECTRON_RUN_AS_NODE;
    if (launch.bundled && bundle !== undefined) {
      env.PYTHONPATH = [bundle, ...(env.PYTHONPATH ? [env.PYTHONPATH] : [])].join(path.delimiter);
      delete env.LSP_REPAIR_PACKAGES;
      Object.assign(env, packages === undefined ? {} : { LSP_REPAIR_PACKAGES: packages });
    }
    const client = new LanguageClient(
      "lspRepair",
      "lsp-repair",
      // not in the workspace: the interpreter would import from there
      { command: launch.python, args: ["-m", "lsp_repair", "serve"], options: { env, cwd: this.extensionPath } },
      this.clientOptions(),
    );
    client.onNotification(protocol.STATUS, (status: protocol.Status) => {
      this.statusReceived.fire(status);
    });
    client.onRequest(protocol.CHAT, chat);
    client.onDidChangeState(({ newState }) => {
      if (client === this.client) {
        this.followed(newState);
      }
    });
    return client;
  }

  /** The client library starts a crashed server again by itself; this keeps track of it. */
  private followed(state: ClientState): void {
    if (state === ClientState.Stopped && this.current === "running") {
      this.become("stopped");
    } else if (state === ClientState.Running && this.current === "stopped") {
      this.become("running");
    }
  }

  private clientOptions(): LanguageClientOptions {
    const crashes = new Crashes();
    return {
      documentSelector: [{ scheme: "file", language: "python" }],
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: {
        trusted: vscode.workspace.isTrusted,
        status: true,
        editorModels: vscode.workspace.getConfiguration("lspRepair").get("useEditorModels", false),
      },
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          if (this.current !== "running") {
            return { action: CloseAction.DoNotRestart, handled: true }; // whoever starts it tells
          }
          this.output.error("The server ended unexpectedly.");
          if (crashes.mayRestart(Date.now())) {
            return { action: CloseAction.Restart, handled: true };
          }
          void this.complain(new Error("The lsp-repair server ended unexpectedly three times in a row."));
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: this.middleware(),
    };
  }

  private middleware(): Middleware {
    return {
      executeCommand: async (command, args: unknown[], next) => {
        const passed = await this.filter(command, args[0]);
        const result: unknown = passed && (await next(command, passed.argument === undefined ? [] : [passed.argument]));
        return result;
      },
      workspace: {
        configuration: async (params, token, next) => {
          const answered: unknown = await next(params, token);
          const values = Array.isArray(answered) ? (answered as unknown[]) : [];
          return Promise.all(
            params.items.map(async (item, index) =>
              item.section === "lspRepair"
                ? await settingsFor(item.scopeUri === undefined ? undefined : vscode.Uri.parse(item.scopeUri))
                : (values[index] ?? null),
            ),
          );
        },
      },
    };
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.launched = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      this.output.debug("The server did not shut down cleanly:", String(error));
    }
    this.become("stopped");
  }

  private become(state: ServerState): void {
    if (this.current !== state) {
      this.current = state;
      this.stateChanged.fire(state);
    }
  }

  private async complain(error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    this.output.error(message);
    const settings = "Choose Interpreter";
    const show = "Show Output";
    const text = error instanceof NoInterpreter ? message : `The lsp-repair server did not start: ${message}`;
    const picked = await vscode.window.showErrorMessage(text, error instanceof NoInterpreter ? settings : show);
    if (picked === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "lspRepair.serverPython");
    } else if (picked === show) {
      this.output.show();
    }
  }
}

function existingFolder(folder: string): string | undefined {
  return existsSync(path.join(folder, "lsp_repair")) ? folder : undefined;
}

function startLine(launch: Launch): string {
  const which = launch.bundled ? "the server that comes with the extension" : "its own lsp-repair";
  return `Starting ${launch.python} with ${which}${launch.models ? "" : "; without the packages that ask models of providers"}`;
}
