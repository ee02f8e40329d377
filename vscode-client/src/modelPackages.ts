import { execFile, type ExecFileException } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Launch } from "./interpreterProbe.js";

const INSTALL = "Install";
const MOST_OUTPUT = 16 * 1024 * 1024;

/**
 * The packages that ask models of providers: partly compiled, so the bundled server comes without them.
 *
 * They are installed on the user's request, in the extension's own storage, once for each kind of interpreter.
 */
export class ModelPackages {
  constructor(
    private readonly storage: string,
    private readonly bundle: string,
    private readonly output: vscode.LogOutputChannel,
  ) {}

  /** Where they are for this interpreter; undefined before they were installed. */
  folderFor(launch: Launch): string | undefined {
    const folder = this.place(launch);
    return launch.bundled && launch.tag && existsSync(folder) ? folder : undefined;
  }

  /** Asks, then installs; true when they are there now. */
  async install(launch: Launch | undefined): Promise<boolean> {
    if (!launch?.bundled || this.folderFor(launch) !== undefined) {
      const text = launch ? "The packages for models are already installed." : "The server is not running.";
      void vscode.window.showInformationMessage(text);
      return false;
    }
    const wanted = await this.wanted();
    const item = { label: INSTALL, description: wanted.join(", "), detail: "With their dependencies, from the index that your pip uses." };
    const picked = await vscode.window.showQuickPick([item], {
      title: "Install the packages for models?",
      placeHolder: "Into the extension's own storage: your interpreter and your project stay as they are",
    });
    if (!picked) {
      return false;
    }
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: "Installing the packages for models", cancellable: true },
      (_progress, cancelled) => this.fetch(launch, wanted, cancelled),
    );
    return true;
  }

  private place({ tag }: Launch): string {
    return path.join(this.storage, "models", tag);
  }

  private async wanted(): Promise<string[]> {
    const text = await readFile(path.join(this.bundle, "models.txt"), "utf8");
    return text.split("\n").filter(Boolean);
  }

  /** A private environment is made first, since not every interpreter has a pip; only its packages are kept. */
  private async fetch(launch: Launch, wanted: string[], cancelled: vscode.CancellationToken): Promise<void> {
    const folder = this.place(launch);
    const fresh = `${folder}.new`;
    try {
      await rm(fresh, { recursive: true, force: true });
      await mkdir(path.dirname(folder), { recursive: true });
      await this.run(launch.python, ["-m", "venv", fresh], cancelled);
      const windows = process.platform === "win32";
      const python = path.join(fresh, windows ? "Scripts/python.exe" : "bin/python");
      await this.run(python, ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", ...wanted], cancelled);
      await rename(await packagesIn(fresh, windows), folder);
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }

  private run(command: string, args: string[], cancelled: vscode.CancellationToken): Promise<void> {
    this.output.info([command, ...args].join(" "));
    return new Promise((resolve, reject) => {
      const options = { cwd: this.storage, maxBuffer: MOST_OUTPUT };
      const child = execFile(command, args, options, (error: ExecFileException | null, stdout, stderr) => {
        this.output.info(stdout + stderr);
        if (error) {
          reject(new Error(cancelled.isCancellationRequested ? "cancelled" : lastLine(stderr || stdout) || error.message));
        } else {
          resolve();
        }
      });
      cancelled.onCancellationRequested(() => child.kill());
    });
  }
}

async function packagesIn(environment: string, windows: boolean): Promise<string> {
  if (windows) {
    return path.join(environment, "Lib/site-packages");
  }
  const [version = ""] = await readdir(path.join(environment, "lib"));
  return path.join(environment, "lib", version, "site-packages");
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
