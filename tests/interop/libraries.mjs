// The npm packages of a folder of tests, brought where they are missing.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/// Ends the test as skipped when they cannot be had.
export function bringLibraries(folder) {
    const script = join(dirname(fileURLToPath(import.meta.url)), "npm_ci.sh");
    const done = spawnSync("bash", [script, folder], { encoding: "utf8" });
    if (done.status === 0) return;
    console.log(`npm ci could not bring its packages: ${(done.stderr ?? String(done.error)).trim().split("\n").pop()}`);
    process.exit(77);
}
