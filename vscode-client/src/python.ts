import * as vscode from "vscode";
import { within } from "./time.js";

const PATIENCE_MS = 15_000;

/** The part of the Python extension's interface that is used here. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly id: string; readonly path: string };
    resolveEnvironment(path: {
      readonly id: string;
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

async function api(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<Partial<PythonApi> | undefined>("ms-python.python");
  const exported = extension && (await extension.activate());
  return exported?.environments ? { environments: exported.environments } : undefined;
}

/** The interpreter selected in the Python extension; none in an untrusted workspace, which may have brought it along. */
export async function selectedInterpreter(resource?: vscode.Uri): Promise<string | undefined> {
  if (!vscode.workspace.isTrusted) {
    return undefined;
  }
  try {
    return await within(PATIENCE_MS, askForInterpreter(resource));
  } catch {
    return undefined; // an extension of others: whatever it does, there are further interpreters
  }
}

async function askForInterpreter(resource?: vscode.Uri): Promise<string | undefined> {
  const python = await api();
  const path = python?.environments.getActiveEnvironmentPath(resource);
  return path && (await python?.environments.resolveEnvironment(path))?.executable.uri?.fsPath;
}

/** Calls back when another interpreter is selected; does nothing without the Python extension. */
export async function onInterpreterSelected(changed: () => void): Promise<vscode.Disposable> {
  const none = new vscode.Disposable(() => undefined);
  try {
    return (await api())?.environments.onDidChangeActiveEnvironmentPath(changed) ?? none;
  } catch {
    return none;
  }
}
