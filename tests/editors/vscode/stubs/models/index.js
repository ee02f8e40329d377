"use strict";
const vscode = require("vscode");

const model = { id: "stub-1", name: "Stub", family: "stub", version: "1", maxInputTokens: 8192, maxOutputTokens: 1024, capabilities: {} };

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.lm.registerLanguageModelChatProvider("stub", {
      provideLanguageModelChatInformation: async () => [model],
      provideLanguageModelChatResponse: async (_model, messages, _options, progress) => {
        progress.report(new vscode.LanguageModelTextPart(`${messages.length} heard, `));
        progress.report(new vscode.LanguageModelTextPart("answered"));
      },
      provideTokenCount: async () => 1,
    }),
  );
};
