// Runs the steps of a scenario inside the extension host of a real workbench; the exit status is the suite's.
//
//   node run.mjs CODE_SERVER [SCENARIO]
//
// CODE_SERVER is the folder of the npm package code-server; CODE_SERVER_NODE its node, PYTHON the tests' interpreter and
// the server's, unless SERVER_PYTHON names another one; the server is the repository's unless PYTHONPATH names another one.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lendHands } from "./hands.mjs";
import { address, extension, install, openBrowser, python, remote, repository, scratch, startEditor } from "./workbench.mjs";

const TIMEOUT_MS = 540_000;
const here = import.meta.dirname;
const MODELS = { "lspRepair.useEditorModels": true };
const SCENARIOS = {
  /** Canned answers stand in for the server: the extension alone is tried. */
  "stand-in": { steps: "user,alone", settings: MODELS, stubs: ["python", "models"], server: join(here, "stand_in") },
  server: {
    steps: "user,models",
    settings: { ...MODELS, "lspRepair.editorModelsIncluded": true, "lspRepair.repairModel": "editor/stub-1" },
    stubs: ["models"],
    server: process.env.PYTHONPATH ?? repository,
  },
  /** The server that comes with the extension. */
  bundled: { steps: "bundled", settings: { "lspRepair.python": python }, stubs: [], server: "" },
};

const [codeServer, name = "server"] = process.argv.slice(2);
const scenario = SCENARIOS[name];
const { folder, project, remove } = await scratch(scenario.settings);
await install(folder, ...scenario.stubs.map((each) => join(here, "stubs", each)));
const file = (each) => join(folder, each);
const environment = {
  SUITE_STEPS: scenario.steps,
  SUITE_RESULTS: file("results.txt"),
  SUITE_WISHES: file("wishes.jsonl"),
  SUITE_ANSWERS: file("answers.jsonl"),
  SUITE_PROJECT: project,
  STAND_IN_LOG: name === "stand-in" ? file("received.jsonl") : "",
  PYTHONPATH: scenario.server,
};
const node = process.env.CODE_SERVER_NODE ?? process.execPath;
const editor = await startEditor(codeServer, node, folder, environment, ["--disable-workspace-trust"]);
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
  const rest = lendHands(page, environment.SUITE_WISHES, environment.SUITE_ANSWERS);
  code = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS, code))]);
  rest();
  if (process.env.SCREENSHOT) {
    await page.screenshot({ path: process.env.SCREENSHOT });
  }
  await close();
} finally {
  editor.stop();
  console.log(existsSync(environment.SUITE_RESULTS) ? readFileSync(environment.SUITE_RESULTS, "utf8") : "the suite wrote nothing");
  if (!process.env.KEEP) {
    await remove();
  } else {
    console.log(folder);
  }
}
console.log(code === 0 ? "passed" : `failed: ${code}`);
process.exit(code === 0 ? 0 : 1);
