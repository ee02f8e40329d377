// Mouse and keyboard for the steps: what they wish for is done in the browser.
import { appendFileSync, existsSync, readFileSync } from "node:fs";

const POLL_MS = 100;
const PATIENCE_MS = 20_000;

const deeds = {
  /** Types into the box at the top, and takes what it then offers. */
  async fill(page, text) {
    const box = page.locator(".quick-input-widget:visible input.input");
    await box.fill(text, { timeout: PATIENCE_MS });
    await page.waitForTimeout(300);
    await page.keyboard.press("Enter");
    await page.waitForTimeout(300);
  },
  click: (page, selector) => page.locator(selector).first().click({ timeout: PATIENCE_MS }),
  hover: (page, selector) => page.locator(selector).first().hover({ timeout: PATIENCE_MS }),
  read: (page, selector) => page.locator(selector).first().innerText({ timeout: PATIENCE_MS }),
};

/** Does what is written to the file of wishes, until told to stop. */
export function lendHands(page, wishes, answers) {
  let done = 0;
  let stopped = false;
  const work = async () => {
    while (!stopped) {
      const lines = existsSync(wishes) ? readFileSync(wishes, "utf8").split("\n").slice(0, -1) : [];
      for (const line of lines.slice(done)) {
        done += 1;
        appendFileSync(answers, `${JSON.stringify(await answer(page, JSON.parse(line)))}\n`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  void work();
  return () => {
    stopped = true;
  };
}

async function answer(page, { id, ...wish }) {
  const [[deed, argument]] = Object.entries(wish);
  try {
    return { id, result: (await deeds[deed](page, argument)) ?? null };
  } catch (error) {
    return { id, error: String(error).slice(0, 500) };
  }
}
