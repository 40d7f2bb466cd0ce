// Parses every script that browsers get, so that a Chromium 87-class WebView can read it.
// Reads {"tools": folder, "own": [file], "vendor": [file]} from standard input. A vendor file above the floor is
// rewritten in place; one of ours is an error, so that what we write is what runs.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

// Chromium 87 knows all of ES2021 that is syntax, and of ES2022 only a part: ES2021 is the largest whole year.
const FLOOR = 2021;

const job = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(`${job.tools}/`);
const acorn = require("acorn");

function problem(source, sourceType) {
  try {
    acorn.parse(source, { ecmaVersion: FLOOR, sourceType });
    return null;
  } catch (error) {
    return error;
  }
}

const failures = [];
for (const file of job.vendor) {
  let source = readFileSync(file, "utf8").replace(/\n\/\/# sourceMappingURL=\S+\s*$/, "\n");
  if (problem(source, "script")) {
    const { transformSync } = require("esbuild");
    source = transformSync(source, { target: `es${FLOOR}`, minify: true, legalComments: "inline" }).code;
  }
  const error = problem(source, "script");
  if (error) failures.push(`${file}:${error.loc.line}: ${error.message}`);
  else writeFileSync(file, source);
}
for (const file of job.own) {
  const error = problem(readFileSync(file, "utf8"), "module");
  if (error) failures.push(`${file}:${error.loc.line}: ${error.message}`);
}
if (failures.length) {
  console.error(failures.join("\n"));
  process.exit(1);
}
