// A folder with wallets of kaisar's for one test program, and the libraries that they are compared with.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { bringLibraries } from "../libraries.mjs";

export const here = dirname(fileURLToPath(import.meta.url));
export const build = process.env.KAISAR_BUILD ?? join(here, "../../../build");
export const folder = mkdtempSync(join(tmpdir(), "kaisar-interop-"));
export const password = "correct horse battery staple";
process.on("exit", () => rmSync(folder, { recursive: true }));

bringLibraries(here);
export const { ethers } = await import("ethers");

export { exitCode, test } from "../cases.mjs";

export function file(name, content) {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
}
export const passwordFile = file("password", password + "\n");
export const withPassword = ["--password-file", passwordFile];

/// What `kaisar wallet …` said, as JSON; the wallet is the one in `home`.
export function wallet(home, ...words) {
    const done = spawnSync(join(build, "bin/kaisar"), ["--json", "--data-dir", join(folder, home), "wallet", ...words], { encoding: "utf8" });
    assert.equal(done.error, undefined);
    const answer = JSON.parse(done.stdout);
    assert.equal(done.status, answer.error?.code ?? 0, done.stderr);
    return answer;
}
