// What page.js draws with, as the global `charts`.
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import { View, parse } from "vega";

/**
 * Draws a Vega-Lite specification into an element. Expressions are interpreted, never made into code,
 * so the page's content-security-policy needs no `unsafe-eval`.
 */
export function draw(specification, { container, tooltip, label }) {
  const runtime = parse(compile(specification).spec, null, { ast: true });
  const view = new View(runtime, { container, expr: expressionInterpreter, renderer: "svg", hover: true });
  view.tooltip((_handler, _event, item, value) => tooltip(item, value));
  if (label) view.description(label);
  return view;
}
