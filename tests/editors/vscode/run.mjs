// Runs suite.js inside the extension host of a real workbench; the exit status is the suite's.
//
//   node run.mjs CODE_SERVER [--stand-in]
//
// CODE_SERVER is the folder of the npm package code-server; CODE_SERVER_NODE its node, PYTHON the server's interpreter;
// the server is the repository's unless PYTHONPATH names another one.
// With --stand-in, canned answers stand in for the server: then the extension alone is tried.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { address, extension, install, openBrowser, remote, repository, scratch, startEditor } from "./workbench.mjs";

const TIMEOUT_MS = 180_000;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { "stand-in": { type: "boolean", default: false } } });
const here = import.meta.dirname;
const standIn = values["stand-in"];
const { folder, project, remove } = await scratch(standIn ? { "lspRepair.useEditorModels": true } : {});
if (standIn) {
  await install(folder, join(here, "stubs/python"), join(here, "stubs/models"));
}
const results = join(folder, "results.txt");
const environment = {
  SUITE_RESULTS: results,
  SUITE_PROJECT: project,
  SUITE_STAND_IN: standIn ? "1" : "",
  STAND_IN_LOG: standIn ? join(folder, "received.jsonl") : "",
  PYTHONPATH: standIn ? join(here, "stand_in") : (process.env.PYTHONPATH ?? repository),
};
const editor = await startEditor(positionals[0], process.env.CODE_SERVER_NODE ?? process.execPath, folder, environment, ["--disable-workspace-trust"]);
let code = "no answer in time";
try {
  const { page, close } = await openBrowser(folder);
  const ended = new Promise((resolve) => void page.exposeFunction("codeAutomationExit", resolve));
  await page.exposeFunction("codeAutomationLog", () => undefined);
  if (process.env.VERBOSE) {
    page.on("console", (message) => console.log(message.type(), message.text().slice(0, 300)));
  }
  const payload = [["extensionDevelopmentPath", remote(editor.port, extension)], ["extensionTestsPath", remote(editor.port, join(here, "suite.js"))]];
  void page.getByRole("button", { name: "Allow", exact: true }).click({ timeout: TIMEOUT_MS }).catch(() => undefined);
  await page.goto(address(editor.port, project, payload));
  code = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS, code))]);
  if (process.env.SCREENSHOT) {
    await page.screenshot({ path: process.env.SCREENSHOT });
  }
  await close();
} finally {
  editor.stop();
  console.log(existsSync(results) ? readFileSync(results, "utf8") : "the suite wrote nothing");
  if (!process.env.KEEP) {
    await remove();
  } else {
    console.log(folder);
  }
}
console.log(code === 0 ? "passed" : `failed: ${code}`);
process.exit(code === 0 ? 0 : 1);
