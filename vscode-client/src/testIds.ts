/** From pytest's names of tests to the Test Explorer's; no VS Code in here. */

import type { Failure, Folder } from "./protocol.js";

/** The ids that the Python extension gives failing tests: the file's path, then pytest's names. */
export function explorerIds(folder: Folder, rootPath: string): string[] {
  return folder.failures.flatMap((failure) => failure.tests.map((test) => `${withoutSlash(rootPath)}/${test}`));
}

/** The failure that an item of the Test Explorer stands for; an item of several tests takes their first failure. */
export function failureOfItem(folder: Folder, rootPath: string, itemId: string): Failure | undefined {
  const prefix = `${withoutSlash(rootPath)}/`;
  const wanted = itemId.startsWith(prefix) ? itemId.slice(prefix.length) : itemId;
  return (
    folder.failures.find((failure) => failure.tests.includes(wanted)) ??
    folder.failures.find((failure) => failure.tests.some((test) => isBelow(test, wanted)))
  );
}

function isBelow(test: string, item: string): boolean {
  return item !== "" && test.startsWith(item) && ["[", "::", "/"].some((each) => test.startsWith(each, item.length));
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "");
}
