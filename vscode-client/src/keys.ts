import * as vscode from "vscode";

const NAMES = "lspRepair.keyNames";
const WELL_KNOWN = ["OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "OPENROUTER_API_KEY"];
const NAME = /^[A-Z][A-Z0-9_]*(KEY|TOKEN)$/;

/** API keys in the editor's secret storage, one for each name of an environment variable. */
export class Keys {
  constructor(private readonly context: Pick<vscode.ExtensionContext, "secrets" | "globalState">) {}

  /** What the server's environment gets. */
  async environment(): Promise<Record<string, string>> {
    const entries = await Promise.all(
      this.names().map(async (name) => [name, await this.context.secrets.get(secretOf(name))] as const),
    );
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  /** Asks for a name and a key, and keeps or forgets it; true when something changed. */
  async ask(): Promise<boolean> {
    const name = await this.askName();
    if (name === undefined) {
      return false;
    }
    const key = await vscode.window.showInputBox({
      title: `Key for ${name}`,
      prompt: "Kept in the editor's secret storage and given to the server only. Leave it empty to delete the key.",
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) {
      return false;
    }
    await this.keep(name, key.trim());
    return true;
  }

  private async askName(): Promise<string | undefined> {
    const stored = this.names();
    const other = "Another variable…";
    const names = [...new Set([...WELL_KNOWN, ...stored])];
    const items = names.map((label) => ({ label, description: stored.includes(label) ? "stored" : "" }));
    const picked = await vscode.window.showQuickPick([...items, { label: other, description: "" }], {
      title: "Which key?",
      placeHolder: "The environment variable that the model's endpoint reads its key from",
    });
    if (picked?.label !== other) {
      return picked?.label;
    }
    return vscode.window.showInputBox({
      title: "Name of the environment variable",
      prompt: 'As in key = "env:NAME" of config.toml',
      validateInput: (text) => (NAME.test(text) ? undefined : "Capital letters, digits and _, ending in KEY or TOKEN"),
    });
  }

  private async keep(name: string, key: string): Promise<void> {
    const others = this.names().filter((each) => each !== name);
    if (key) {
      await this.context.secrets.store(secretOf(name), key);
    } else {
      await this.context.secrets.delete(secretOf(name));
    }
    await this.context.globalState.update(NAMES, key ? [...others, name] : others);
  }

  private names(): string[] {
    return this.context.globalState.get<string[]>(NAMES, []);
  }
}

function secretOf(name: string): string {
  return `lspRepair.key.${name}`;
}
