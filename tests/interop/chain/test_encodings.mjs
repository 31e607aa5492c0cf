// Transactions and calls of the registry, byte for byte as ethers makes them.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import assert from "node:assert/strict";
import { artefact, ethers, exitCode, nodeIdOf, rewardTree, root, test } from "./chain.mjs";
import { randomBytes, randomInt } from "../random.mjs";

const program = join(process.env.KAISAR_BUILD ?? join(root, "build"), "bin/tests/chain_encodings");

function encode(lines) {
    const done = spawnSync(program, { input: lines.join("\n") + "\n", encoding: "utf8", maxBuffer: 1 << 28 });
    assert.equal(done.status, 0, String(done.stderr ?? done.error));
    return done.stdout.trimEnd().split("\n");
}
const hex = (size) => (size ? "0x" + randomBytes(size).toString("hex") : "0x");
const number = (bits) => BigInt.asUintN(randomInt(1, bits + 1), BigInt(hex(32)));
const address = () => ethers.getAddress(hex(20));
const registry = new ethers.Interface(artefact.contracts.KaisarRegistry.abi);

await test("300 random transactions of both kinds are signed and encoded as ethers does", async () => {
    const lines = [], expected = [];
    for (let i = 0; i < 300; i++) {
        const wallet = new ethers.Wallet(hex(32));
        const sizes = [0, 0, 1, 4, 55, 56, 68, 300];
        const one = { chainId: number(i % 2 ? 16 : 52) + 1n, nonce: Number(number(32)), gasLimit: number(40), value: number(128),
                      to: randomInt(10) ? address() : null, data: hex(sizes[randomInt(sizes.length)]) };
        const fee = number(80);
        const tip = fee ? BigInt(hex(16)) % (fee + 1n) : 0n;
        const isLegacy = i % 2 === 1;
        expected.push(await wallet.signTransaction(isLegacy ? { ...one, type: 0, gasPrice: fee }
                                                            : { ...one, type: 2, maxFeePerGas: fee, maxPriorityFeePerGas: tip }));
        lines.push(["transaction", isLegacy ? "legacy" : "base-fee", one.chainId, one.nonce, tip, fee, one.gasLimit, one.to ?? "-", one.value,
                    one.data === "0x" ? "-" : one.data, wallet.privateKey].join(" "));
    }
    assert.deepEqual(encode(lines), expected);
});

await test("the example of EIP-155 comes out as the proposal has it", () => {
    const line = "transaction legacy 1 9 0 20000000000 21000 0x3535353535353535353535353535353535353535 1000000000000000000 - 0x" + "46".repeat(32);
    assert.deepEqual(encode([line]), ["0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866" +
        "003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"]);
});

await test("the registry's calls and its deployment are encoded as ethers does from the artefact's ABI", async () => {
    const lines = [], expected = [];
    for (let i = 0; i < 30; i++) {
        const [key, inventory, owner, issued, expires, signature] = [hex(32), hex(32), address(), number(64), number(64), hex(65)];
        lines.push(["register", nodeIdOf(key), key, inventory, owner, issued, expires, signature].join(" "));
        expected.push(registry.encodeFunctionData("register", [[nodeIdOf(key), key, inventory, owner, issued, expires], signature]));
        const report = [hex(32), hex(32), hex(32), number(64), number(256)];
        lines.push(["report", issued, ...report].join(" "));
        expected.push(registry.encodeFunctionData("reportEpoch", [issued, report]));
        const endpoint = "https://" + "x".repeat(randomInt(1, 80));
        lines.push(["peer", key, endpoint].join(" "));
        expected.push(registry.encodeFunctionData("addPeer", [key, endpoint]));
        const nonce = Number(number(40));
        lines.push(["contract", owner, nonce].join(" "));
        expected.push(ethers.getCreateAddress({ from: owner, nonce }));
    }
    const operator = address();
    lines.push(`deployment ${operator} 300 1000000000000000000000`);
    expected.push((await new ethers.ContractFactory(registry, artefact.contracts.KaisarRegistry.bytecode).getDeployTransaction(operator, 300, 10n ** 21n)).data);
    assert.deepEqual(encode(lines), expected);
});

await test("pools of any size are shared to the last unit among 1 to 40 workers, and trees and claims are as computed here", () => {
    const lines = [], expected = [];
    for (let count = 1; count <= 40; count++) {
        const epoch = number(64), pool = number(count % 3 ? 90 : 5);
        const rows = Array.from({ length: count }, () => ({ nodeId: hex(32), owner: address(), microPoints: number(40) * BigInt(randomInt(2)) }));
        const total = rows.reduce((sum, row) => sum + row.microPoints, 0n);
        let before = 0n;
        for (const row of rows) {
            const share = (points) => (total ? (pool * points) / total : 0n);
            row.amount = share(before + row.microPoints) - share(before);
            before += row.microPoints;
        }
        assert.equal(rows.reduce((sum, row) => sum + row.amount, 0n), total ? pool : 0n);
        const tree = rewardTree(epoch, rows);
        lines.push(["rewards", epoch, pool, count, ...rows.flatMap((row) => [row.nodeId, row.owner, row.microPoints])].join(" "));
        expected.push([...rows.map((row) => row.amount), tree.root, registry.encodeFunctionData("claim", [tree.claims])].join(" "));
    }
    assert.deepEqual(encode(lines), expected);
});

process.exit(exitCode());
