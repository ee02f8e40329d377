// Takes the pictures of docs/images: node pictures.mjs CODE_SERVER FOLDER
//
// The server is the real one; the model is the stub of the steps, with a made-up price.
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { address, extension, install, openBrowser, remote, repository, scratch, startEditor } from "./workbench.mjs";

const PATIENCE_MS = 180_000;
const [codeServer, target] = process.argv.slice(2);
const calm = { "editor.minimap.enabled": false, "window.menuBarVisibility": "compact",
  "workbench.tips.enabled": false, "chat.commandCenter.enabled": false, "window.commandCenter": false, "workbench.layoutControl.enabled": false,
  "security.workspace.trust.enabled": false, "editor.lightbulb.enabled": "on", "scm.diffDecorations": "none", "workbench.colorTheme": "Default Light Modern", "lspRepair.useEditorModels": true, "workbench.hover.delay": 60_000 };
const { folder, project, remove } = await scratch(calm);
const discount = join(project, "shop/discount.py");
await writeFile(discount, (await readFile(discount, "utf8")).replace("value >= threshold", "value > threshold"));
await writeFile(join(project, "shop/words.py"), "def plural(word):\n    return word\n");
const words = "from shop.words import plural\n\n\ndef test_words():\n    assert plural('cat') == 'cats'\n    assert plural('box') == 'boxes'\n";
await writeFile(join(project, "tests/test_words.py"), words);
await writeFile(join(folder, "config.toml"), '[repair_model]\nmodel = "stub-1"\npreset = "editor"\nprice = { input = 0.25, output = 2.0 }\n');
await install(folder, join(import.meta.dirname, "stubs/models"));
const node = process.env.CODE_SERVER_NODE ?? process.execPath;
const editor = await startEditor(codeServer, node, folder, { PYTHONPATH: process.env.PYTHONPATH ?? repository }, ["--disable-workspace-trust"]);
try {
  const { page, close } = await openBrowser(folder);
  await page.setViewportSize({ width: 1060, height: 560 });
  const payload = [["extensionDevelopmentPath", remote(editor.port, extension)], ["openFile", remote(editor.port, discount)]];
  await page.goto(address(editor.port, project, payload));
  await page.locator(".monaco-editor .view-line").first().waitFor({ timeout: PATIENCE_MS });
  await takeAll(page);
  await close();
} finally {
  editor.stop();
  await remove();
}

async function takeAll(page) {
  const shoot = async (name) => {
    await page.waitForTimeout(1200);
    await page.screenshot({ path: join(resolve(target), `${name}.png`) });
  };
  const command = async (text) => {
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget:visible input.input").fill(`>${text}`, { timeout: PATIENCE_MS });
    await page.waitForTimeout(800);
    await page.keyboard.press("Enter");
    await page.waitForTimeout(1200);
  };
  void page.getByRole("button", { name: "Allow", exact: true }).click({ timeout: PATIENCE_MS }).catch(() => undefined);
  await page.locator('.statusbar-item:has-text("2 failing, 1 fix")').waitFor({ timeout: PATIENCE_MS });
  await page.locator(".part.auxiliarybar .codicon-close, .part.auxiliarybar .codicon-auxiliarybar-close").first().click({ timeout: 5000 });
  await page.locator('.view-line:has-text("value")').nth(1).click();
  await command("Notifications: Clear All Notifications");
  await command("Go to Next Problem (Error, Warning, Info)");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+.");
  await page.locator(".action-widget").first().waitFor({ timeout: PATIENCE_MS });
  await shoot("lightbulb");
  await page.keyboard.press("Escape");

  await command("View: Show Repairs");
  await page.mouse.move(315, 300);
  await page.mouse.down();
  await page.mouse.move(620, 300, { steps: 10 });
  await page.mouse.up();
  await page.locator('.pane-body .monaco-list-row:has-text("test_words")').first().hover();
  await page.locator('.pane-body .monaco-list-row:has-text("test_words") .action-label[aria-label="Repair"]').click();
  await page.locator('.statusbar-item:has-text("2 failing, 2 fixes")').waitFor({ timeout: PATIENCE_MS });
  const fix = page.locator('.pane-body .monaco-list-row:has-text("in percent_off")').first();
  await fix.hover();
  await shoot("repairs");
  await fix.click();
  await page.locator('.editor-actions .action-label[aria-label^="Accept Fix"]').waitFor({ timeout: PATIENCE_MS });
  await command("View: Toggle Primary Side Bar Visibility");
  await shoot("diff");

  await page.locator('.editor-actions .action-label[aria-label^="Accept Fix"]').click();
  await page.locator('.statusbar-item:has-text("1 failing, 1 fix")').waitFor({ timeout: PATIENCE_MS });
  await command("lsp-repair: Show Cost Report");
  await page.locator('.tab:has-text("What repair cost")').waitFor({ timeout: PATIENCE_MS });
  await page.waitForTimeout(2000);
  await page.mouse.move(500, 300);
  await page.mouse.wheel(0, 62);
  await shoot("costs");
}
