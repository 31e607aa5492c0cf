// A chain of one's own for a test: anvil on a free port with the registry on it, and what the tests sign and compute.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bringLibraries } from "../libraries.mjs";

export const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, "../../..");
export const kaisar = join(process.env.KAISAR_BUILD ?? join(root, "build"), "bin/kaisar");

bringLibraries(here);
export const { ethers } = await import("ethers");
const anvil = join(here, "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
if (!existsSync(anvil)) {
    console.log("there is no anvil for this kind of machine");
    process.exit(77);
}
export const artefact = JSON.parse(readFileSync(join(root, "lib/registry/contracts/artefact.json"), "utf8"));
export const pool = 1_000n * 10n ** 18n;
export const epochSeconds = 300n;

export { exitCode, test } from "../cases.mjs";

/// Ten funded accounts, always the same; the clock starts at a fixed time so that gas and hashes do not vary.
export class Chain {
    static async start(chainId, ...options) {
        const chain = new Chain();
        chain.process = spawn(anvil, ["--chain-id", String(chainId), "--port", "0", "--hardfork", "london", ...options]);
        process.on("exit", () => chain.process.kill());
        let said = "";
        const port = await new Promise((resolve, reject) => {
            chain.process.stdout.on("data", (data) => {
                said += data;
                const found = /Listening on 127\.0\.0\.1:(\d+)/.exec(said);
                if (found) resolve(found[1]);
            });
            chain.process.on("exit", () => reject(new Error(`anvil ended: ${said}`)));
        });
        chain.url = `http://127.0.0.1:${port}`;
        chain.provider = new ethers.JsonRpcProvider(chain.url, chainId, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 20 });
        const words = ethers.Mnemonic.fromPhrase("test test test test test test test test test test test junk");
        chain.accounts = Array.from({ length: 10 }, (_, index) =>
            new ethers.NonceManager(ethers.HDNodeWallet.fromMnemonic(words, `m/44'/60'/0'/0/${index}`).connect(chain.provider)));
        chain.operator = chain.accounts[0];
        return chain;
    }
    async deploy(operator = this.operator) {
        const { abi, bytecode } = artefact.contracts.KaisarRegistry;
        const registry = await new ethers.ContractFactory(abi, bytecode, this.operator).deploy(await operator.getAddress(), epochSeconds, pool);
        await registry.waitForDeployment();
        return registry;
    }
    async token(registry) {
        return new ethers.Contract(await registry.token(), artefact.contracts.KaisarToken.abi, this.operator);
    }
    async now() {
        return BigInt((await this.provider.getBlock("latest", false)).timestamp);
    }
    /// Lets the epoch that runs now end, and gives its number.
    async endEpoch() {
        const epoch = (await this.now()) / epochSeconds;
        await this.provider.send("evm_setNextBlockTimestamp", [Number((epoch + 1n) * epochSeconds)]);
        await this.provider.send("evm_mine", []);
        return epoch;
    }
    stop() {
        this.provider.destroy();
        this.process.kill();
    }
}

export const bytes32 = (text) => ethers.id(text);
export const nodeIdOf = (key) => "0x" + createHash("sha256").update(Buffer.from(key.slice(2), "hex")).digest("hex");

const field = (text) => text.split(" ").map((pair) => ({ type: pair.split(":")[0], name: pair.split(":")[1] }));
export const bindingTypes = { WorkerBinding: field("bytes32:nodeId bytes32:nodeKey bytes32:inventoryHash address:owner uint64:issuedAt uint64:expiresAt") };
export const releaseTypes = { WorkerRelease: field("bytes32:nodeId address:owner uint64:issuedAt") };

export async function domainOf(registry, chainId) {
    return { name: "Kaisar Worker Registry", version: "1", chainId, verifyingContract: await registry.getAddress() };
}

/// A binding as kaisar makes it, signed by the account.
export async function bind(registry, chainId, owner, node, issuedAt, changes = {}) {
    const nodeKey = bytes32(node);
    const binding = { nodeId: nodeIdOf(nodeKey), nodeKey, inventoryHash: bytes32("inventory of " + node), owner: owner.address,
                      issuedAt, expiresAt: issuedAt + 365n * 86400n, ...changes };
    return { binding, signature: await owner.signTypedData(await domainOf(registry, chainId), bindingTypes, binding) };
}

const pair = (a, b) => ethers.keccak256(BigInt(a) < BigInt(b) ? a + b.slice(2) : b + a.slice(2));

/// The tree of an epoch's claims: its root, and each claim with its proof.
export function rewardTree(epoch, rows) {
    const coder = ethers.AbiCoder.defaultAbiCoder();
    const leaves = rows.map((row) => ethers.keccak256(ethers.keccak256(coder.encode(
        ["uint64", "bytes32", "address", "uint64", "uint256"], [epoch, row.nodeId, row.owner, row.microPoints, row.amount]))));
    const proofs = leaves.map(() => []);
    let level = leaves.map((hash, index) => ({ hash, under: [index] }));
    while (level.length > 1) {
        const above = [];
        for (let i = 0; i < level.length; i += 2) {
            const [left, right] = [level[i], level[i + 1]];
            if (!right) {
                above.push(left);
                continue;
            }
            for (const index of left.under) proofs[index].push(right.hash);
            for (const index of right.under) proofs[index].push(left.hash);
            above.push({ hash: pair(left.hash, right.hash), under: [...left.under, ...right.under] });
        }
        level = above;
    }
    return { root: level[0].hash, leaves, claims: rows.map((row, index) => ({ epoch, ...row, proof: proofs[index] })) };
}

export const report = (root, amount) => ({ rewardsRoot: root, verdictsRoot: bytes32("verdicts"), pointsDigest: bytes32("points"), microPoints: 7n, pool: amount });
