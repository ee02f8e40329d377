import assert from "node:assert/strict";
import { test } from "node:test";
import { guarded } from "../src/reportPage.js";

function page(policy: string, before = ""): string {
  return `<!doctype html><html><head>${before}<meta http-equiv="Content-Security-Policy" content="${policy}"></head><body>x</body></html>`;
}

test("a page with a strict policy is shown as it is", () => {
  const html = page("default-src 'none'; script-src 'sha256-abc+/=' 'sha256-def='; style-src 'sha256-ghi='");
  assert.deepEqual(guarded(html), { html, scripts: true });
});

test("quotes may be escaped", () => {
  assert.ok(guarded(page("default-src &#x27;none&#x27;; script-src &#x27;sha256-abc=&#x27;")).scripts);
});

test("a policy that lets scripts in by anything but their hash counts as none", () => {
  for (const policy of ["default-src 'none'; script-src 'unsafe-inline'", "script-src 'sha256-abc='", "default-src *", ""]) {
    const { html, scripts } = guarded(page(policy));
    assert.equal(scripts, false, policy);
    assert.ok(html.indexOf("default-src 'none'; style-src 'unsafe-inline'") < html.indexOf(`content="${policy}"`), policy);
  }
});

test("a policy does not cover what stands before it", () => {
  assert.equal(guarded(page("default-src 'none'", "<script>1</script>")).scripts, false);
});

test("a text without a head gets one", () => {
  assert.match(guarded("hello").html, /^<!doctype html><html><head><meta[^>]*default-src 'none'.*hello/);
});
