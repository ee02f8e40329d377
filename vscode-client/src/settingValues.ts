/** Which settings the server is told, and in which form; no VS Code in here. */

/** The settings of the server, by the names they have below `lspRepair`. */
export const SERVER_SETTINGS = [
  "autonomy",
  "runOn",
  "codeLens",
  "inlayHints",
  "python",
  "timeLimitSeconds",
  "minIsolation",
  "allow",
  "jobs",
  "maxProposals",
  "snapshotInclude",
  "snapshotExclude",
  "ignore",
  "pytestArgs",
  "models",
  "strategy",
  "repairModel",
  "feedbackModel",
  "cheapModel",
  "criticModel",
  "contextTokens",
  "maxUsdPerFix",
  "maxTokensPerFix",
  "maxUsdPerSession",
  "maxUsdPerDay",
  "promptExclude",
] as const;

/** The settings that only this extension reads. */
export const CLIENT_SETTINGS = ["serverPython", "useEditorModels", "editorModelsIncluded", "trace.server"] as const;

/**
 * The settings that the user really made: the others stay out, so that the user's `config.toml` counts.
 * An empty text is the settings editor's way to say "none".
 */
export function chosen(lookUp: (name: string) => unknown): Record<string, unknown> {
  const entries = SERVER_SETTINGS.map((name) => [name, lookUp(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null && value !== ""));
}

const EDITOR = "editor/";
const ROLES = ["repairModel", "feedbackModel", "cheapModel", "criticModel"] as const;

/** Models of the editor that cost nothing extra: the server is told their price, which else it cannot know. */
export function withIncludedModels(settings: Record<string, unknown>): Record<string, unknown> {
  const named = ROLES.filter((role) => settings[role] !== undefined);
  const asked = named.some((role) => role !== "feedbackModel" && role !== "criticModel") ? settings : { ...settings, repairModel: `${EDITOR}any` };
  return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, isRole(name) ? priced(value) : value]));
}

function isRole(name: string): boolean {
  return (ROLES as readonly string[]).includes(name);
}

function priced(model: unknown): unknown {
  const ours = typeof model === "string" && model.startsWith(EDITOR);
  return ours ? { model: model.slice(EDITOR.length), preset: "editor", price: 0 } : model;
}
