/** Many folders' status in one line; no VS Code in here. */

import type { Failure, Phase, Status, Usd } from "./protocol.js";

/** `starting` and `stopped` are the client's own: the server says nothing then. */
export type State = Phase | "starting" | "stopped";

export interface Summary {
  readonly state: State;
  readonly failing: number;
  readonly proposals: number;
  /** Of the last 24 hours, which each folder tells of all; null: a price is unknown. */
  readonly costUsd: number | null;
  /** One line for each folder. */
  readonly lines: readonly string[];
}

/** What needs the user's eye comes first. */
const URGENCY: readonly Phase[] = ["broken", "untrusted", "repairing", "testing", "idle"];

export function summarise(statuses: readonly Status[], server: "starting" | "running" | "stopped"): Summary {
  const phases = new Set(statuses.map((each) => each.phase));
  const phase = URGENCY.find((each) => phases.has(each));
  return {
    state: server === "running" ? (phase ?? "starting") : server,
    failing: sum(statuses.map((each) => each.failing)),
    proposals: sum(statuses.map((each) => each.proposals)),
    costUsd: highest(statuses.map((each) => amount(each.costUsd))),
    lines: statuses.map((each) => (statuses.length > 1 ? `${baseName(each.root)}: ${each.text}` : each.text)),
  };
}

/** For the status bar, with icons. */
export function shortText(summary: Summary): string {
  switch (summary.state) {
    case "starting":
      return "$(loading~spin) lsp-repair";
    case "stopped":
      return "$(circle-slash) lsp-repair";
    case "broken":
      return "$(error) lsp-repair";
    case "untrusted":
      return "$(shield) lsp-repair";
    case "testing":
      return "$(sync~spin) Testing";
    case "repairing":
      return `$(sync~spin) Repairing · ${counts(summary)}${spent(summary)}`;
    case "idle":
      return `$(wrench) ${counts(summary)}${spent(summary)}`;
  }
}

/** Nothing where nothing was spent. */
function spent({ costUsd }: Summary): string {
  return costUsd === 0 ? "" : ` · ${costUsd === null ? "price unknown" : `${costText(costUsd)} today`}`;
}

/** For the language status, where icons stand beside the text. */
export function sentence(summary: Summary): string {
  switch (summary.state) {
    case "starting":
      return "Starting";
    case "stopped":
      return "Not running";
    case "broken":
      return "The tests cannot be run";
    case "untrusted":
      return "The tests may not run yet";
    case "testing":
      return "Testing";
    case "repairing":
      return `Repairing · ${counts(summary)}`;
    case "idle":
      return counts(summary);
  }
}

export function counts(summary: Pick<Summary, "failing" | "proposals">): string {
  const failing = `${summary.failing} failing`;
  if (summary.proposals === 0) {
    return failing;
  }
  return `${failing}, ${counted(summary.proposals, "fix", "fixes")}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Dollars for people; an unknown price is unknown, not free. */
export function costText(cost: number | null): string {
  if (cost === null) {
    return "price unknown";
  }
  if (cost === 0) {
    return "$0";
  }
  return cost < 0.0001 ? "< $0.0001" : `$${cost.toFixed(cost < 1 ? 4 : 2)}`;
}

/** A title in two: what changes, and what was proved of it. Its code marks mean nothing outside of Markdown. */
export function titleParts(title: string): readonly [string, string] {
  const [change = "", ...proof] = title.replaceAll("`", "").split(" — ");
  return [change, proof.join(" — ")];
}

/** A failure's title in two: the test's own name, and what was raised there; another title stands as it is. */
export function failureParts({ title, tests }: Pick<Failure, "title" | "tests">): readonly [string, string] {
  const test = tests[0];
  const kind = test !== undefined && title.endsWith(`: ${test}`) ? title.slice(0, -test.length - 2) : undefined;
  return test === undefined || kind === undefined ? [title, ""] : [test.slice(test.includes("::") ? test.indexOf("::") + 2 : 0), kind];
}

export function amount(cost: Usd): number | null {
  const value = cost === null ? Number.NaN : Number(cost);
  return Number.isFinite(value) ? value : null;
}

/** The last part of a path or of a URI. */
export function baseName(root: string): string {
  const path = root.replace(/[/\\]+$/, "");
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  return root.includes("://") ? decoded(name) : name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function highest(costs: readonly (number | null)[]): number | null {
  return costs.reduce((most, each) => (most === null || each === null ? null : Math.max(most, each)), 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}
