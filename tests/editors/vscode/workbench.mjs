// The real workbench: VS Code's server from the code-server package, opened in headless Chromium.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
export const repository = join(here, "../../..");
export const extension = join(repository, "vscode-client");
export const python = process.env.PYTHON ?? "python3";

/** A copy of the demo without its faults, with the editor's machine settings beside it. */
export async function scratch(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), "lsp-repair-vscode-"));
  const project = join(folder, "shop");
  await cp(join(repository, "lsp_repair/cli/demo_project"), project, { recursive: true, filter: (path) => !path.includes("__pycache__") });
  await mend(join(project, "shop/discount.py"), "value > threshold", "value >= threshold");
  await mend(join(project, "shop/invoice.py"), "return SHIPPING[country]", "return SHIPPING.get(country, WORLDWIDE)");
  const machine = join(folder, "editor/data/Machine");
  await mkdir(machine, { recursive: true });
  const quiet = { "telemetry.telemetryLevel": "off", "workbench.startupEditor": "none", "chat.disableAIFeatures": true };
  await writeFile(join(machine, "settings.json"), JSON.stringify({ ...quiet, "lspRepair.serverPython": process.env.SERVER_PYTHON ?? python, ...settings }));
  return { folder, project, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

async function mend(file, wrong, right) {
  const text = await readFile(file, "utf8");
  if (!text.includes(wrong)) {
    throw new Error(`${file} has no ${wrong}`);
  }
  await writeFile(file, text.replace(wrong, right));
}

/** Puts extensions where the editor looks for installed ones when it starts for the first time. */
export async function install(folder, ...extensions) {
  for (const each of extensions) {
    const { publisher, name, version } = JSON.parse(await readFile(join(each, "package.json"), "utf8"));
    await cp(each, join(folder, "editor/extensions", `${publisher}.${name}-${version}`), { recursive: true });
  }
}

/** Starts VS Code's server; `stop` ends it with all extension hosts and language servers. */
export async function startEditor(codeServer, node, folder, environment = {}, more = []) {
  const port = await freePort();
  const main = join(codeServer, "lib/vscode/out/server-main.js");
  const options = ["--host", "127.0.0.1", "--port", String(port), "--without-connection-token", "--accept-server-license-terms",
    "--server-data-dir", join(folder, "editor"), "--disable-telemetry", "--enable-smoke-test-driver", ...more];
  const env = { ...process.env, LSP_REPAIR_STATE: join(folder, "state"), LSP_REPAIR_CACHE: join(folder, "cache"),
    LSP_REPAIR_CONFIG: join(folder, "config.toml"), ...environment };
  const process_ = spawn(node, [main, ...options], { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  await new Promise((resolve, reject) => {
    process_.stdout.on("data", (text) => String(text).includes("available at") && resolve());
    process_.stderr.on("data", (text) => process.env.VERBOSE && process.stderr.write(text));
    process_.on("exit", (code) => reject(new Error(`the editor's server ended with ${code}`)));
  });
  const stop = () => {
    try {
      process.kill(-process_.pid, "SIGKILL");
    } catch {
      // all of it ended before
    }
  };
  return { port, stop };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A page of headless Chromium with a profile below `folder`. */
export async function openBrowser(folder) {
  const profile = join(folder, "browser");
  await mkdir(profile, { recursive: true });
  const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, viewport: { width: 1400, height: 900 }, args: quiet });
  return { page: context.pages()[0] ?? (await context.newPage()), close: () => context.close() };
}

/** The workbench's address for a project, with a payload for it. */
export function address(port, project, payload) {
  return `http://127.0.0.1:${port}/?folder=${encodeURIComponent(project)}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
}

export function remote(port, path) {
  return `vscode-remote://127.0.0.1:${port}${path}`;
}
