"use strict";
const vscode = require("vscode");

/** No interpreter: only its path is told. */
const executable = "/opt/selected/bin/python";

exports.activate = () => {
  const selected = new vscode.EventEmitter();
  return {
    ready: Promise.resolve(),
    environments: {
      getActiveEnvironmentPath: () => ({ id: executable, path: executable }),
      resolveEnvironment: async ({ id }) => ({ id, path: id, executable: { uri: vscode.Uri.file(executable) } }),
      onDidChangeActiveEnvironmentPath: selected.event,
    },
  };
};
