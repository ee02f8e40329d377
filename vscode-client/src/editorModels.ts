import * as vscode from "vscode";
import type { ChatAnswer, ChatRequest } from "./protocol.js";

const JUSTIFICATION = "lsp-repair asks it to explain a failing test or to write a patch, which is then proved by running the tests.";

/** Answers the server with a language model of the editor, when the user's settings allow it. */
export async function chat(request: ChatRequest, cancelled: vscode.CancellationToken): Promise<ChatAnswer> {
  if (!vscode.workspace.getConfiguration("lspRepair").get<boolean>("useEditorModels", false)) {
    return { error: "the setting lspRepair.useEditorModels is off" };
  }
  try {
    const selector = request.modelId ? { id: request.modelId } : {};
    const [model] = await vscode.lm.selectChatModels(selector);
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
    return cancelled.isCancellationRequested ? { error: "cancelled" } : { text };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
