import * as vscode from "vscode";
import { selectedInterpreter } from "./python.js";
import { chosen, withIncludedModels } from "./settingValues.js";

/** What the server is answered for the section `lspRepair` of a folder. */
export async function settingsFor(scope?: vscode.Uri): Promise<Record<string, unknown>> {
  const section = vscode.workspace.getConfiguration("lspRepair", scope);
  const made = chosen((name) => {
    const values = section.inspect<unknown>(name);
    return values && isMade(values) ? section.get<unknown>(name) : undefined;
  });
  const included = section.get<boolean>("useEditorModels", false) && section.get<boolean>("editorModelsIncluded", false);
  const settings = included ? withIncludedModels(made) : made;
  if (settings.python === undefined) {
    const selected = await selectedInterpreter(scope);
    return selected === undefined ? settings : { ...settings, python: selected };
  }
  return settings;
}

/** Whether somebody wrote the setting; `get` then gives the value that counts, by scope and by trust. */
function isMade(made: { globalValue?: unknown; workspaceValue?: unknown; workspaceFolderValue?: unknown }): boolean {
  return [made.globalValue, made.workspaceValue, made.workspaceFolderValue].some((value) => value !== undefined);
}
