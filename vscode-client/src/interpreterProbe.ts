/** What an interpreter was found to offer, and which one runs the server; no VS Code in here. */

/** Printed by {@link PROBE}. */
export interface Probed {
  readonly python: string;
  readonly version: readonly [number, number];
  /** Whether the server can be imported there as it is. */
  readonly server: boolean;
  /** Whether models can be asked there. */
  readonly models: boolean;
  /** What compiled packages must fit: the interpreter's kind, version and platform. */
  readonly tag: string;
}

/** How the server is started. */
export interface Launch {
  readonly python: string;
  readonly bundled: boolean;
  /** Whether models of providers can be asked; those of the editor need nothing. */
  readonly models: boolean;
  readonly tag: string;
}

export const OLDEST: readonly [number, number] = [3, 11];

/** Run with `-c`; prints one line of JSON, on Python 2 as well. */
export const PROBE = `
import json, sys, sysconfig
def has(name):
    try:
        __import__(name)
        return True
    except Exception:
        return False
tag = getattr(getattr(sys, "implementation", sys), "cache_tag", "") + "-" + sysconfig.get_platform()
print(json.dumps({"version": list(sys.version_info[:2]), "server": has("lsp_repair.server"), "models": has("pydantic_core"), "tag": tag}))
`;

/** Reads the last line that {@link PROBE} printed; undefined when that is none. */
export function readProbe(python: string, output: string): Probed | undefined {
  const line = output.trim().split("\n").at(-1) ?? "";
  try {
    const { version, server, models, tag } = JSON.parse(line) as Record<string, unknown>;
    if (!Array.isArray(version) || typeof version[0] !== "number" || typeof version[1] !== "number") {
      return undefined;
    }
    const at = [version[0], version[1]] as const;
    return { python, version: at, server: server === true, models: models === true, tag: safeTag(tag) };
  } catch {
    return undefined;
  }
}

/** The first interpreter that has the server, else the first that can run the bundled one. */
export function choose(found: readonly Probed[], bundle: boolean): Launch | undefined {
  const own = found.find((each) => each.server);
  if (own) {
    return { python: own.python, bundled: false, models: own.models, tag: own.tag };
  }
  const able = found.find((each) => isRecent(each.version));
  return able && bundle ? { python: able.python, bundled: true, models: false, tag: able.tag } : undefined;
}

/** What the user is told when nothing can run the server. */
export function whyNot(tried: readonly string[], found: readonly Probed[], bundle: boolean): string {
  const oldest = OLDEST.join(".");
  if (found.length === 0) {
    return `lsp-repair found no Python to run in: tried ${tried.join(", ")}. It needs Python ${oldest} or later.`;
  }
  const seen = found.map((each) => `${each.python} is ${each.version.join(".")}`).join(", ");
  if (!found.some((each) => isRecent(each.version))) {
    return `lsp-repair needs Python ${oldest} or later, and ${seen}.`;
  }
  return bundle
    ? `lsp-repair cannot run: ${seen}.`
    : `lsp-repair is not installed (${seen}), and this build of the extension does not bundle it.`;
}

/** As the name of a folder. */
function safeTag(tag: unknown): string {
  return typeof tag === "string" ? tag.replace(/[^\w.-]/g, "_") : "";
}

function isRecent([major, minor]: readonly [number, number]): boolean {
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
