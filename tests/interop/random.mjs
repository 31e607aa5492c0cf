// Random things of the tests, the same in every run. KAISAR_TEST_SEED gives others; a failure names the seed.
import { createHash } from "node:crypto";

export const seed = process.env.KAISAR_TEST_SEED ?? "1";
let drawn = 0;

export const randomBytes = (size) =>
    size ? createHash("shake256", { outputLength: size }).update(`${seed}/${drawn++}`).digest() : Buffer.alloc(0);

/// At least `low` (0 when left out) and below `high`.
export function randomInt(...range) {
    const [low, high] = range.length === 1 ? [0, ...range] : range;
    return low + (randomBytes(6).readUIntLE(0, 6) % (high - low));
}
