// Fills bundled/ with the server, so that it runs where lsp-repair is not installed.
//
// bundled/ goes on PYTHONPATH, which the user's tests inherit: so it holds the package lsp_repair and nothing else.
// What the package needs lies below it, in _vendored/, and is put on the path by the package alone.
// Distributions with compiled parts fit one platform and one Python only: they are left out, and what needs them, too.
// What lsp-repair itself asks for of these, models.txt names: the extension can install it where the user wants models.
//
// PYTHON names the interpreter (python3 unless set): what is installed there is copied; else its pip fetches it.
import { execFileSync } from "node:child_process";
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const client = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(client, "bundled");
const ROOT = "lsp-repair";
/** The user's own pytest runs the tests; the server brings none. */
const NOT_NEEDED = new Set(["pytest"]);
const COMPILED = /\.(so|pyd|dylib|dll)$/;

const staging = await mkdtemp(join(tmpdir(), "lsp-repair-bundle-"));
try {
  stage(process.env.PYTHON ?? "python3");
  const all = await distributions(staging);
  const compiled = withDependents(all, [...all.values()].filter((each) => each.compiled).map((each) => each.name));
  const kept = reachable(all, new Set([...compiled, ...NOT_NEEDED]));
  await fill(kept.map((name) => all.get(name)));
  const asked = all.get(ROOT).needs.filter((name) => compiled.has(name));
  await writeFile(join(target, "models.txt"), asked.map((name) => `${name}==${all.get(name).version}\n`).join(""));
  const left = [...all.keys()].filter((name) => !kept.includes(name));
  console.log(`bundled: ${kept.join(", ")}\nleft out: ${left.join(", ") || "nothing"}`);
} finally {
  await rm(staging, { recursive: true, force: true });
}

function stage(python) {
  try {
    execFileSync(python, [join(client, "scripts/stage.py"), dirname(client), staging], { stdio: "inherit" });
  } catch (error) {
    if (error.status === undefined || error.code !== undefined) {
      throw error;
    }
    console.log("pip fetches what is missing");
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--prefer-binary", "--no-warn-conflicts", "--root-user-action=ignore"];
    execFileSync(python, [...pip, "--target", staging, dirname(client)], { stdio: "inherit" });
  }
}

/** The installed distributions by name: what they need, which files are theirs. */
async function distributions(folder) {
  const found = new Map();
  for (const info of (await readdir(folder)).filter((each) => each.endsWith(".dist-info"))) {
    const metadata = await readFile(join(folder, info, "METADATA"), "utf8");
    const files = (await readFile(join(folder, info, "RECORD"), "utf8")).split("\n").map((line) => line.split(",")[0].replaceAll('"', ""));
    const tops = new Set(files.filter((file) => file && !file.startsWith("..")).map((file) => file.split("/")[0]));
    const name = normal(/^Name: (.+)$/m.exec(metadata)[1]);
    const version = /^Version: (.+)$/m.exec(metadata)[1].trim();
    found.set(name, { name, version, info, needs: needs(metadata), tops: [...tops].filter((top) => top !== "bin" && top !== "__pycache__"), compiled: files.some((file) => COMPILED.test(file)) });
  }
  return found;
}

function needs(metadata) {
  const lines = metadata.split("\n\n")[0].matchAll(/^Requires-Dist: ([\w.-]+)(.*)$/gm);
  return [...lines].filter(([, , rest]) => !/extra\s*==/.test(rest)).map(([, name]) => normal(name));
}

function normal(name) {
  return name.trim().toLowerCase().replace(/[-_.]+/g, "-");
}

/** These, and all that cannot be without them; the server itself can, with models off. */
function withDependents(all, names) {
  const out = new Set(names);
  for (let before = -1; before !== out.size; ) {
    before = out.size;
    for (const each of all.values()) {
      if (each.name !== ROOT && each.needs.some((need) => out.has(need))) {
        out.add(each.name);
      }
    }
  }
  return out;
}

function reachable(all, without) {
  const kept = [ROOT];
  for (const name of kept) {
    kept.push(...all.get(name).needs.filter((need) => all.has(need) && !without.has(need) && !kept.includes(need)));
  }
  return kept;
}

async function fill(kept) {
  await rm(target, { recursive: true, force: true });
  const vendored = join(staging, ROOT.replace("-", "_"), "_vendored");
  await mkdir(vendored);
  for (const { name, info, tops } of kept) {
    for (const top of name === ROOT ? [info] : tops) {
      await cp(join(staging, top), join(vendored, top), { recursive: true });
    }
  }
  await appendFile(
    join(dirname(vendored), "__init__.py"),
    [
      "",
      "# added where this copy was bundled: what it needs, and what the user had installed beside it for models",
      "import os as _os",
      "import sys as _sys",
      "",
      "_sys.path[:0] = [__path__[0] + '/_vendored', *filter(None, [_os.environ.get('LSP_REPAIR_PACKAGES')])]",
      "",
    ].join("\n"),
  );
  await mkdir(target);
  await rename(dirname(vendored), join(target, "lsp_repair")).catch(() =>
    cp(dirname(vendored), join(target, "lsp_repair"), { recursive: true }),
  );
}
