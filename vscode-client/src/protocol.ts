/** What the server speaks beside the Language Server Protocol; docs/protocol.md is the authority. */

export type Phase = "untrusted" | "idle" | "testing" | "repairing" | "broken";

/** US dollars; null: a price is unknown. */
export type Usd = number | string | null;

/** Notification `lspRepair/status`. */
export interface Status {
  readonly root: string;
  readonly phase: Phase;
  readonly failing: number;
  readonly proposals: number;
  readonly costUsd: Usd;
  readonly text: string;
}

export interface Proposal {
  readonly id: string;
  readonly title: string;
  /** True, or why one should look twice. */
  readonly flagged: boolean | string | null;
  /** How sure the server is of it; absent from older servers. */
  readonly grade?: "proved" | "possible";
  /** What it changes beyond the failing tests, a line each. */
  readonly behaviour?: readonly string[];
  readonly origin: string;
  readonly costUsd: Usd;
}

export interface Place {
  readonly uri: string;
  /** From 0. */
  readonly line: number;
}

export interface Failure {
  readonly id: string;
  readonly tests: readonly string[];
  readonly title: string;
  readonly explanation: string;
  readonly status: string;
  readonly locations: readonly Place[];
  readonly proposals: readonly Proposal[];
}

export interface Folder {
  readonly root: string;
  readonly failures: readonly Failure[];
}

export interface ChangedFile {
  readonly uri: string;
  readonly before: string;
  readonly after: string;
}

export interface Diff {
  readonly title: string;
  readonly files: readonly ChangedFile[];
}

/** Names a proposal to the server. */
export interface ProposalRef {
  readonly root: string;
  readonly proposal: string;
}

/** Names a failure to the server. */
export interface FailureRef {
  readonly root: string;
  readonly failure: string;
}

/** Asked by the server, answered by a language model of the editor. */
export interface ChatRequest {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly modelId?: string;
}

export type ChatAnswer = { readonly text: string; readonly modelId: string } | { readonly error: string };

export const STATUS = "lspRepair/status";
export const FAILURES = "lspRepair/failures";
export const DIFF = "lspRepair/diff";
export const ACCEPT = "lspRepair/accept";
export const COST_REPORT = "lspRepair/costReport";
export const CHAT = "lspRepair/chat";

/** Commands of the server; the client library registers them in the editor under these names, too. */
export const COMMANDS = {
  selected: "lspRepair.selected",
  reject: "lspRepair.reject",
  showDiff: "lspRepair.showDiff",
  explain: "lspRepair.explain",
  repair: "lspRepair.repair",
  retryWithHint: "lspRepair.retryWithHint",
  run: "lspRepair.run",
  cancel: "lspRepair.cancel",
} as const;

/** Whether a value is an object with these properties of type string. */
export function hasTexts<Name extends string>(value: unknown, ...names: Name[]): value is Record<Name, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === "string")
  );
}
