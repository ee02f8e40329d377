import { execFile } from "node:child_process";
import * as path from "node:path";
import * as vscode from "vscode";
import { choose, PROBE, readProbe, whyNot, type Launch, type Probed } from "./interpreterProbe.js";
import { selectedInterpreter } from "./python.js";

const PROBE_TIMEOUT_MS = 20_000;

/** Nothing can run the server; the message is for the user. */
export class NoInterpreter extends Error {}

/**
 * Finds what runs the server: the setting, else the interpreter of the Python extension, else `python3`.
 *
 * In an untrusted workspace a setting that points into the workspace does not count.
 * `bundle` is the folder of the server that came with the extension, `undefined` when none came.
 */
export async function findInterpreter(cwd: string, bundle: string | undefined): Promise<Launch> {
  const setting = vscode.workspace.getConfiguration("lspRepair").get<string>("serverPython", "").trim();
  const chosen = setting && (vscode.workspace.isTrusted || !/^\.|\$\{/.test(setting)) ? expanded(setting) : undefined;
  const candidates = chosen === undefined ? await usual() : [chosen];
  const found: Probed[] = [];
  for (const python of candidates) {
    const probed = await probe(python, cwd);
    if (probed) {
      found.push(probed);
      if (probed.server) {
        break;
      }
    }
  }
  const launch = choose(found, bundle !== undefined);
  if (!launch) {
    throw new NoInterpreter(whyNot(candidates, found, bundle !== undefined));
  }
  return launch;
}

async function usual(): Promise<string[]> {
  const resource = vscode.workspace.workspaceFolders?.[0]?.uri;
  const selected = await selectedInterpreter(resource);
  const onPath = process.platform === "win32" ? ["python"] : ["python3", "python3.13", "python3.12", "python3.11"];
  return selected ? [selected, ...onPath] : onPath;
}

function expanded(setting: string): string {
  const home = process.env.HOME ?? process.env.USERPROFILE ?? "";
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  const full = setting.replace(/^~(?=[/\\])/, home).replaceAll("${workspaceFolder}", folder);
  return full.includes("/") || full.includes("\\") ? path.resolve(folder, full) : full;
}

/** Runs in `cwd`, which is not the workspace: the interpreter would import from there. */
function probe(python: string, cwd: string): Promise<Probed | undefined> {
  return new Promise((resolve) => {
    execFile(python, ["-c", PROBE], { cwd, timeout: PROBE_TIMEOUT_MS }, (_error, stdout) => {
      resolve(readProbe(python, stdout));
    });
  });
}
