// The parts of Vega that the report's charts need: no maps, force layouts, hierarchies or word clouds.
import { transforms } from "vega-dataflow";
import * as encode from "vega-encode";
import * as common from "vega-transforms";
import * as layout from "vega-view-transforms";

Object.assign(transforms, common, layout, encode);

export { parse } from "vega-parser";
export * from "vega-util";
export { View } from "vega-view";
