/** Runs every vector in this browser; the title then says how many passed, and the page which failed. */
import { cases } from "../vectors/cases";

const failed: string[] = [];
let passed = 0;
for (const { name, run } of cases()) {
  try {
    await run();
    passed += 1;
  } catch (error) {
    failed.push(`${name}: ${String(error)}`);
  }
}
document.body.textContent = failed.join("\n");
document.title = `passed ${passed}, failed ${failed.length}`;
