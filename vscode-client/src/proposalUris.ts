/** How a proposal's file is named in the editor; no VS Code in here. */

import { hasTexts, type ProposalRef } from "./protocol.js";

export const SCHEME = "lsp-repair";

export interface ProposalFile extends ProposalRef {
  /** The URI of the real file. */
  readonly file: string;
  readonly side: "before" | "after";
}

/** The query of a URI that names the text; its path is the real file's, so that the editor knows the language. */
export function queryOf({ root, proposal, file, side }: ProposalFile): string {
  return JSON.stringify({ root, proposal, file, side });
}

export function fileOf(query: string): ProposalFile | undefined {
  try {
    const value: unknown = JSON.parse(query);
    if (hasTexts(value, "root", "proposal", "file", "side")) {
      const { root, proposal, file, side } = value;
      return side === "before" || side === "after" ? { root, proposal, file, side } : undefined;
    }
  } catch {
    // somebody else's URI
  }
  return undefined;
}
