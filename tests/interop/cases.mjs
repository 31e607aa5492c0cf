import { seed } from "./random.mjs";

// Test cases that are scripts for node: a line each, which the suite counts.
let failures = 0;
export async function test(name, body) {
    const started = Date.now();
    try {
        await body();
        console.log(`ok - ${name} # ${((Date.now() - started) / 1000).toFixed(1)} s`);
    } catch (error) {
        failures++;
        console.log(`not ok - ${name}\n  (KAISAR_TEST_SEED=${seed})\n  ${String(error.stack).replaceAll("\n", "\n  ")}`);
    }
}
export const exitCode = () => (failures ? 1 : 0);
