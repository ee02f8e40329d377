import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chosen, CLIENT_SETTINGS, SERVER_SETTINGS, withIncludedModels } from "../src/settingValues.js";

interface Manifest {
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly configuration: readonly {
      readonly properties: Record<string, { readonly scope: string; readonly description?: string; readonly markdownDescription?: string }>;
    }[];
    readonly commands: readonly { readonly command: string }[];
    readonly menus: Record<string, readonly { readonly command: string }[]>;
  };
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const declared = Object.assign({}, ...manifest.contributes.configuration.map((each) => each.properties)) as
  Manifest["contributes"]["configuration"][number]["properties"];

test("only what the user chose is told", () => {
  const values: Record<string, unknown> = { models: "all", repairModel: "", maxUsdPerFix: null, codeLens: false, jobs: 0, other: 1 };
  assert.deepEqual(chosen((name) => values[name]), { models: "all", codeLens: false, jobs: 0 });
});

test("models of the editor that cost nothing extra have that price, and no others", () => {
  const free = { model: "gpt-x", preset: "editor", price: 0 };
  const told = withIncludedModels({ repairModel: "editor/gpt-x", cheapModel: "openai/gpt-y", jobs: 1 });
  assert.deepEqual(told, { repairModel: free, cheapModel: "openai/gpt-y", jobs: 1 });
  assert.deepEqual(withIncludedModels({}), { repairModel: { model: "any", preset: "editor", price: 0 } });
  assert.deepEqual(withIncludedModels({ cheapModel: "ollama/z" }), { cheapModel: "ollama/z" });
});

test("the manifest declares the settings that are read, and no others", () => {
  const read = [...SERVER_SETTINGS, ...CLIENT_SETTINGS].map((name) => `lspRepair.${name}`);
  assert.deepEqual(Object.keys(declared).sort(), read.sort());
});

test("every setting is described", () => {
  for (const [name, setting] of Object.entries(declared)) {
    assert.ok(setting.description ?? setting.markdownDescription, name);
  }
});

test("a workspace cannot name models, caps or what is sent", () => {
  const closed = Object.entries(declared).filter(([, setting]) => setting.scope === "machine").map(([name]) => name);
  for (const name of ["models", "repairModel", "feedbackModel", "cheapModel", "strategy", "maxUsdPerFix", "maxTokensPerFix",
    "maxUsdPerSession", "maxUsdPerDay", "useEditorModels", "editorModelsIncluded", "promptExclude", "snapshotInclude", "pytestArgs", "minIsolation"]) {
    assert.ok(closed.includes(`lspRepair.${name}`), name);
  }
});

test("an untrusted workspace has no say in what runs", () => {
  const harmless = ["lspRepair.codeLens", "lspRepair.inlayHints", "lspRepair.trace.server"];
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  assert.deepEqual([...restricted, ...harmless].sort(), Object.keys(declared).sort());
});

test("menus name declared commands", () => {
  const commands = new Set(manifest.contributes.commands.map((each) => each.command));
  for (const { command } of Object.values(manifest.contributes.menus).flat()) {
    assert.ok(commands.has(command), command);
  }
});
