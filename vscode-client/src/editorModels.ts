import * as vscode from "vscode";
import type { ChatAnswer, ChatRequest } from "./protocol.js";

const JUSTIFICATION = "lsp-repair asks it to explain a failing test or to write a patch, which is then proved by running the tests.";

/** Answers the server with a language model of the editor, when the user's settings allow it. */
export async function chat(request: ChatRequest, cancelled: vscode.CancellationToken): Promise<ChatAnswer> {
  if (!vscode.workspace.getConfiguration("lspRepair").get<boolean>("useEditorModels", false)) {
    return { error: "the setting lspRepair.useEditorModels is off" };
  }
  try {
    const model = await modelNamed(request.modelId);
    if (!model) {
      return { error: request.modelId ? `the editor has no model ${request.modelId}` : "the editor has no model" };
    }
    const messages = request.messages.map(({ role, content }) =>
      role === "assistant"
        ? vscode.LanguageModelChatMessage.Assistant(content)
        : vscode.LanguageModelChatMessage.User(content),
    );
    const response = await model.sendRequest(messages, { justification: JUSTIFICATION }, cancelled);
    let text = "";
    for await (const part of response.text) {
      text += part;
    }
    return cancelled.isCancellationRequested ? { error: "cancelled" } : { text, modelId: model.id };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** By its id; else by what a person would call it. */
async function modelNamed(wanted: string | undefined): Promise<vscode.LanguageModelChat | undefined> {
  const models = await vscode.lm.selectChatModels({});
  return wanted === undefined
    ? models[0]
    : (models.find(({ id }) => id === wanted) ?? models.find(({ family, name }) => [family, name].includes(wanted)));
}

/** Asks which model of the editor repairs, and keeps that in the user's settings. */
export async function chooseEditorModel(): Promise<void> {
  const models = await vscode.lm.selectChatModels({});
  if (models.length === 0) {
    void vscode.window.showInformationMessage("This editor has no language models. An extension such as GitHub Copilot provides them.");
    return;
  }
  const any = { label: "Any", description: "whichever the editor gives", id: "any" };
  const items = models.map(({ name, vendor, id }) => ({ label: name, description: vendor, id }));
  const picked = await vscode.window.showQuickPick([...items, any], { title: "Which model should repair?" });
  const included = picked && (await askWhetherIncluded());
  if (picked && included !== undefined) {
    const section = vscode.workspace.getConfiguration("lspRepair");
    await section.update("editorModelsIncluded", included, vscode.ConfigurationTarget.Global);
    await section.update("repairModel", `editor/${picked.id}`, vscode.ConfigurationTarget.Global);
    await section.update("useEditorModels", true, vscode.ConfigurationTarget.Global);
  }
}

async function askWhetherIncluded(): Promise<boolean | undefined> {
  const items = [
    { label: "Nothing beyond my subscription", description: "calls count as free; the cap on tokens still applies", included: true },
    { label: "I don't know", description: "caps in US dollars refuse the model, unless you lift them in config.toml", included: false },
  ];
  return (await vscode.window.showQuickPick(items, { title: "What does it cost?" }))?.included;
}
