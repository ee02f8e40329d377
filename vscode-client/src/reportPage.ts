/** Makes sure that a foreign page cannot do more than it says; no VS Code in here. */

const POLICY = /<meta\s+http-equiv=["']?Content-Security-Policy["']?\s+content="([^"]*)"/i;
const NOTHING = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`;

export interface Page {
  readonly html: string;
  /** Whether its scripts may run: only where its own policy names them by their hashes. */
  readonly scripts: boolean;
}

/** The page as it is when it brings a strict policy of its own before anything else, else with a policy that allows nothing. */
export function guarded(html: string): Page {
  const policy = POLICY.exec(html);
  if (policy?.[1] !== undefined && isStrict(policy[1]) && !/<(script|style|link|body)/i.test(html.slice(0, policy.index))) {
    return { html, scripts: true };
  }
  return { html: withPolicy(html), scripts: false };
}

function isStrict(policy: string): boolean {
  const plain = policy.replaceAll("&#x27;", "'").replaceAll("&#39;", "'");
  const directives = new Map(
    plain.split(";").map((each) => {
      const [name = "", ...sources] = each.trim().split(/\s+/);
      return [name.toLowerCase(), sources] as const;
    }),
  );
  const scripts = directives.get("script-src") ?? directives.get("default-src") ?? ["*"];
  const closed = directives.get("default-src")?.join(" ") === "'none'";
  return closed && scripts.every((each) => each === "'none'" || /^'sha(256|384|512)-[\w+/=-]+'$/.test(each));
}

function withPolicy(html: string): string {
  const head = /<head[^>]*>/i.exec(html);
  if (!head) {
    return `<!doctype html><html><head>${NOTHING}</head><body>${html}</body></html>`;
  }
  const end = head.index + head[0].length;
  return html.slice(0, end) + NOTHING + html.slice(end);
}
