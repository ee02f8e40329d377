// Runs inside the extension host: the steps of one scenario, in order; the first that fails ends it.
"use strict";
const { appendFileSync } = require("node:fs");

function tell(line) {
  appendFileSync(process.env.SUITE_RESULTS, `${line}\n`);
}

exports.run = async () => {
  const steps = process.env.SUITE_STEPS.split(",").flatMap((name) => Object.entries(require(`./steps/${name}.js`)));
  for (const [name, step] of steps) {
    const start = Date.now();
    try {
      await step();
    } catch (error) {
      tell(`FAILED  ${name}\n${error instanceof Error ? error.stack : error}`);
      throw error;
    }
    tell(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  }
};
