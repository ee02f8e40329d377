"use strict";
const vscode = require("vscode");

const model = { id: "stub-1", name: "Stub", family: "stub", version: "1", maxInputTokens: 8192, maxOutputTokens: 1024, capabilities: {} };

/** What makes the words of steps/models.js right, in two parts. */
const PATCH = [
  "shop/words.py\n```python\n<<<<<<< SEARCH\n    return word\n=======\n",
  "    return word + ('es' if word.endswith('x') else 's')\n>>>>>>> REPLACE\n```\n",
];

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.lm.registerLanguageModelChatProvider("stub", {
      provideLanguageModelChatInformation: async () => [model],
      provideLanguageModelChatResponse: async (_model, messages, _options, progress) => {
        const heard = JSON.stringify(messages);
        const parts = heard.includes("plural") ? PATCH : [`${messages.length} heard, `, "answered"];
        for (const part of parts) {
          progress.report(new vscode.LanguageModelTextPart(part));
        }
      },
      provideTokenCount: async () => 1,
    }),
  );
};
