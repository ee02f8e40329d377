// Writes the licence texts of every package that esbuild put into ../charts.js; runs after it.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\//;

function bundled() {
  const { outputs } = JSON.parse(readFileSync("node_modules/built.json", "utf-8"));
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const names = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => PACKAGE.exec(path)?.[1]);
  return [...new Set(names.filter(Boolean))].sort();
}

function licence(name) {
  const folder = `node_modules/${name}`;
  const file = readdirSync(folder).find((each) => /^licen[sc]e/i.test(each));
  if (!file) throw new Error(`${name} has no licence text`);
  return readFileSync(`${folder}/${file}`, "utf-8").trim().replaceAll("\r\n", "\n");
}

function label(name) {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf-8"));
  return `${name} ${version} (${license})`;
}

const texts = new Map();
for (const name of bundled()) {
  const text = licence(name);
  texts.set(text, [...(texts.get(text) ?? []), label(name)]);
}
const parts = [...texts].map(([text, labels]) => `${labels.join("\n")}\n\n${text}\n`);
writeFileSync(
  "../charts.LICENSES.txt",
  `charts.js contains code of these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`,
);
