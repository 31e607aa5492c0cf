// The registry contract on anvil: what it accepts, what attacks it withstands, what it costs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";
import { artefact, bind, bytes32, Chain, domainOf, epochSeconds, ethers, exitCode, kaisar, nodeIdOf, pool, releaseTypes, report, rewardTree, root,
         test } from "./chain.mjs";

const chainId = 3338;
const chain = await Chain.start(chainId, "--steps-tracing");
const registry = await chain.deploy();
const token = await chain.token(registry);
const stranger = registry.connect(chain.accounts[5]);
const owner = ethers.Wallet.createRandom().connect(chain.provider);
const gas = {};

async function refused(promise, error, ...values) {
    try {
        await (await promise).wait();
    } catch (failure) {
        const data = failure.data ?? failure.info?.error?.data ?? failure.error?.data;
        const known = registry.interface.parseError(data) ?? token.interface.parseError(data);
        assert.equal(known?.name, error, String(failure));
        if (values.length) assert.deepEqual([...known.args], values);
        for (const account of chain.accounts) account.reset();
        return;
    }
    assert.fail(`was not refused with ${error}`);
}
async function done(promise, name) {
    const receipt = await (await promise).wait();
    if (name) gas[name] = Number(receipt.gasUsed);
    return receipt;
}
const logsOf = (receipt, name) => receipt.logs.map((log) => registry.interface.parseLog(log)).filter((log) => log?.name === name);

await test("the committed code is what the pinned compiler makes of the sources", async () => {
    const { artefacts } = await import(join(root, "lib/registry/contracts/compile.mjs"));
    for (const [name, content] of Object.entries(artefacts()))
        assert.ok(readFileSync(join(root, "lib/registry/contracts", name), "utf8") === content, `${name} differs`);
    const deployed = await chain.provider.getCode(await registry.getAddress());
    assert.equal(deployed.length, artefact.contracts.KaisarRegistry.runtime.length);
});

await test("there are no peers before the operator adds one, and nobody else can", async () => {
    const { binding, signature } = await bind(registry, chainId, owner, "early", (await chain.now()));
    await refused(stranger.register(binding, signature), "NoPeer");
    await refused(stranger.addPeer(bytes32("peer"), "https://peer.example"), "NotOperator");
    await refused(registry.addPeer(bytes32("peer"), ""), "WrongEndpoint");
    await refused(registry.addPeer(bytes32("peer"), "x".repeat(257)), "WrongEndpoint");
    await done(registry.addPeer(bytes32("peer"), "https://peer.example:8443"), "addPeer");
});

await test("a binding that kaisar signed is registered by whoever relays it, and a peer is assigned", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kaisar-contract-"));
    const file = (name, text) => (writeFileSync(join(folder, name), text, { mode: 0o600 }), join(folder, name));
    const wallet = (...words) => {
        const run = spawnSync(kaisar, ["--json", "--data-dir", join(folder, "data"), "wallet", ...words, "--password-file", file("password", "a password\n")], { encoding: "utf8" });
        assert.equal(run.status, 0, run.stderr);
        return JSON.parse(run.stdout);
    };
    wallet("import", "--key-file", file("key", owner.privateKey));
    const nodeKey = bytes32("kaisar's node");
    const made = wallet("bind", "--request", file("request.json", JSON.stringify({
        schema: "kaisar.binding-request/1", chain_id: chainId, registry: await registry.getAddress(), node_public_key: nodeKey,
        inventory_hash: bytes32("inventory") }))).binding;
    rmSync(folder, { recursive: true });
    const seconds = (text) => BigInt(Date.parse(text) / 1000);
    const receipt = await done(stranger.register({ nodeId: made.node_id, nodeKey, inventoryHash: made.inventory_hash, owner: made.owner,
                                                   issuedAt: seconds(made.issued_at), expiresAt: seconds(made.expires_at) }, made.owner_signature));
    const [assigned] = logsOf(receipt, "PeerAssigned");
    assert.deepEqual([assigned.args.owner, assigned.args.peerKey, assigned.args.endpoint], [owner.address, bytes32("peer"), "https://peer.example:8443"]);
    const found = await registry.worker(made.node_id, owner.address);
    assert.deepEqual([found.inventoryHash, found.peerId, found.endpoint], [made.inventory_hash, assigned.args.peerId, assigned.args.endpoint]);
});

await test("what is replayed, superseded, expired, early or not signed in the one form is refused", async () => {
    const now = await chain.now();
    const first = await bind(registry, chainId, owner, "replayed", now - 100n);
    await done(stranger.register(first.binding, first.signature), "register");
    await refused(stranger.register(first.binding, first.signature), "BindingSuperseded", first.binding.issuedAt);
    const newer = await bind(registry, chainId, owner, "replayed", now - 50n, { inventoryHash: bytes32("more memory") });
    const receipt = await done(registry.register(newer.binding, newer.signature), "register again");
    assert.equal(logsOf(receipt, "PeerAssigned").length, 0, "the worker keeps its peer");
    await refused(stranger.register(first.binding, first.signature), "BindingSuperseded", newer.binding.issuedAt);
    for (const [error, changes] of [["BindingExpired", { expiresAt: now }], ["BindingExpired", { issuedAt: now + 200n, expiresAt: now + 100n }],
                                    ["BindingNotYetValid", { issuedAt: now + 1000n }], ["WrongNodeId", { nodeId: bytes32("other") }]]) {
        const made = await bind(registry, chainId, owner, "timed", now, changes);
        await refused(stranger.register(made.binding, made.signature), error);
    }
    const { binding, signature } = await bind(registry, chainId, owner, "formed", now);
    const { r, s, v } = ethers.Signature.from(signature);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const highS = ethers.concat([r, ethers.toBeHex(order - BigInt(s), 32), v === 27 ? "0x1c" : "0x1b"]);
    const bad = [highS, signature.slice(0, -2), signature + "00", ethers.concat([r, s, ethers.toBeHex(v - 27, 1)]), "0x", ethers.ZeroHash + "00".repeat(33)];
    for (const one of bad) await refused(stranger.register(binding, one), "WrongSignature");
    await refused(stranger.register({ ...binding, owner: ethers.ZeroAddress }, ethers.concat([ethers.ZeroHash, ethers.ZeroHash, "0x1b"])), "WrongSignature");
    await refused(stranger.register({ ...binding, inventoryHash: bytes32("changed") }, signature), "WrongSignature");
});

await test("a binding for this chain is worth nothing on another, nor for another registry", async () => {
    const { binding, signature } = await bind(registry, chainId, owner, "elsewhere", await chain.now());
    const other = await Chain.start(9990);
    const same = await other.deploy();
    await (await same.addPeer(bytes32("peer"), "https://x")).wait();
    assert.equal(await same.getAddress(), await registry.getAddress(), "the addresses are the same, so that only the chain id differs");
    await refused(same.register(binding, signature), "WrongSignature");
    other.stop();
    const second = await chain.deploy();
    await done(second.addPeer(bytes32("peer"), "https://x"));
    await refused(second.register(binding, signature), "WrongSignature");
});

await test("a front-runner who copies a registration does the owner's work, and one who squats the node key takes nothing", async () => {
    const now = await chain.now();
    const victim = await bind(registry, chainId, owner, "watched", now);
    const thief = ethers.Wallet.createRandom();
    const squat = await bind(registry, chainId, thief, "watched", now);
    await done(stranger.register(squat.binding, squat.signature));
    await refused(stranger.register({ ...victim.binding, owner: ethers.Wallet.createRandom().address }, victim.signature), "WrongSignature");
    await done(stranger.register(victim.binding, victim.signature));
    const [mine, theirs] = [await registry.worker(victim.binding.nodeId, owner.address), await registry.worker(victim.binding.nodeId, thief.address)];
    assert.ok(mine.expiresAt > 0n && theirs.expiresAt > 0n && mine.peerId !== theirs.peerId);
    const release = await thief.signTypedData(await domainOf(registry, chainId), releaseTypes, { nodeId: victim.binding.nodeId, owner: owner.address, issuedAt: now });
    await refused(stranger.deregisterFor(victim.binding.nodeId, owner.address, now, release), "WrongSignature");
});

await test("an owner deregisters directly or by a signature, and an old binding does not bring the worker back", async () => {
    const direct = chain.accounts[3];
    const wallet = direct.signer;
    const now = await chain.now();
    const { binding, signature } = await bind(registry, chainId, wallet, "leaving", now);
    await done(registry.register(binding, signature));
    await refused(stranger.deregister(binding.nodeId), "UnknownWorker");
    await done(registry.connect(direct).deregister(binding.nodeId), "deregister");
    assert.equal((await registry.worker(binding.nodeId, wallet.address)).expiresAt, 0n);
    await refused(registry.register(binding, signature), "BindingSuperseded");
    await refused(registry.assignPeer(binding.nodeId, wallet.address), "UnknownWorker");
    const back = await bind(registry, chainId, wallet, "leaving", (await chain.now()) + 1n);
    await done(registry.register(back.binding, back.signature));
    const message = { nodeId: back.binding.nodeId, owner: wallet.address, issuedAt: back.binding.issuedAt };
    const release = await wallet.signTypedData(await domainOf(registry, chainId), releaseTypes, message);
    await refused(stranger.deregisterFor(message.nodeId, message.owner, message.issuedAt - 1n, release), "WrongSignature");
    await done(stranger.deregisterFor(message.nodeId, message.owner, message.issuedAt, release), "deregisterFor");
    await refused(stranger.deregisterFor(message.nodeId, message.owner, message.issuedAt, release), "UnknownWorker");
});

await test("a worker whose peer retires is given another, and keeps it", async () => {
    const { binding, signature } = await bind(registry, chainId, owner, "moving", await chain.now());
    await done(registry.register(binding, signature));
    await done(registry.addPeer(bytes32("second"), "https://second.example"));
    await refused(stranger.retirePeer(0), "NotOperator");
    await done(registry.retirePeer(0), "retirePeer");
    await refused(registry.retirePeer(0), "UnknownPeer");
    await refused(registry.retirePeer(9), "UnknownPeer");
    assert.equal((await registry.worker(binding.nodeId, owner.address)).endpoint, "");
    await done(stranger.assignPeer(binding.nodeId, owner.address), "assignPeer");
    const after = await registry.worker(binding.nodeId, owner.address);
    assert.equal(after.endpoint, "https://second.example");
    assert.equal(logsOf(await done(stranger.assignPeer(binding.nodeId, owner.address)), "PeerAssigned").length, 0);
    assert.equal((await registry.worker(binding.nodeId, owner.address)).peerId, after.peerId);
});

await test("checkers are known once, and a ban is only ever made longer", async () => {
    const key = bytes32("checker");
    await refused(stranger.addChecker(key), "NotOperator");
    await refused(registry.banChecker(key, 100), "UnknownChecker");
    await done(registry.addChecker(key), "addChecker");
    await refused(registry.addChecker(key), "CheckerKnown");
    await refused(stranger.banChecker(key, 2n ** 64n - 1n), "NotOperator");
    await done(registry.banChecker(key, (await chain.now()) + 100n), "banChecker");
    await refused(registry.banChecker(key, 2), "BanNotLonger");
    await done(registry.banChecker(key, 2n ** 64n - 1n));
    await refused(registry.banChecker(key, 2n ** 64n - 2n), "BanNotLonger");
});

const owners = Array.from({ length: 5 }, (_, index) => new ethers.Wallet(bytes32(`owner ${index}`)).address);
const amounts = [pool / 7n, pool / 11n, 1n, 0n];
amounts.push(pool - amounts.reduce((sum, amount) => sum + amount));
const rowsOf = (names) => names.map((address, index) => ({ nodeId: nodeIdOf(bytes32(`worker ${index}`)), owner: address, microPoints: BigInt(index), amount: amounts[index] }));

await test("an epoch is reported by the operator, once, in order, when it is over, and within the limit", async () => {
    const running = (await chain.now()) / epochSeconds;
    const one = report(bytes32("root"), 1n);
    await refused(stranger.reportEpoch(running, one), "NotOperator");
    await refused(registry.reportEpoch(running, one), "EpochNotOver", running);
    await refused(registry.reportEpoch(2n ** 64n - 1n, one), "EpochNotOver");
    await refused(registry.reportEpoch((await registry.firstEpoch()) - 1n, one), "EpochPassed");
    await chain.endEpoch();
    await refused(registry.reportEpoch(running, report(bytes32("root"), pool + 1n)), "PoolTooLarge", pool);
    await refused(registry.reportEpoch(running, report(ethers.ZeroHash, 1n)), "UnknownEpoch");
    await done(registry.reportEpoch(running, one), "reportEpoch");
    await refused(registry.reportEpoch(running, report(bytes32("another"), 1n)), "EpochPassed", running + 1n);
});

await test("all claims of an epoch together are the pool to the last unit, and each is paid once, to its owner", async () => {
    const epoch = await chain.endEpoch();
    const tree = rewardTree(epoch, rowsOf(owners));
    const before = await token.totalSupply();
    await done(registry.reportEpoch(epoch, report(tree.root, pool)));
    assert.equal(await token.totalSupply(), before + pool);
    const held = await token.balanceOf(await registry.getAddress());
    await refused(stranger.claim([tree.claims[0], tree.claims[0]]), "AlreadyClaimed", epoch, tree.claims[0].nodeId);
    assert.equal(await token.balanceOf(owners[0]), 0n, "all claims of a call are paid, or none");
    await done(stranger.claim([tree.claims[0]]), "claim");
    await refused(stranger.claim([tree.claims[0]]), "AlreadyClaimed");
    await done(stranger.claim(tree.claims.slice(1)), "claim of four");
    let sum = 0n;
    for (const [index, address] of owners.entries()) {
        assert.equal(await token.balanceOf(address), amounts[index]);
        sum += amounts[index];
    }
    assert.equal(sum, pool);
    assert.equal(await registry.unclaimed(epoch), 0n);
    assert.equal(await token.balanceOf(await registry.getAddress()), held - pool);
});

await test("wrong proofs are refused: another amount, owner, worker or epoch, an inner node for a leaf, a longer path", async () => {
    const epoch = await chain.endEpoch();
    const tree = rewardTree(epoch, rowsOf(owners));
    await done(registry.reportEpoch(epoch, report(tree.root, pool)));
    const good = tree.claims[1];
    const thief = ethers.Wallet.createRandom().address;
    for (const change of [{ amount: good.amount + 1n }, { owner: thief }, { nodeId: tree.claims[2].nodeId }, { microPoints: 99n }, { proof: good.proof.slice(1) },
                          { proof: [] }, { proof: [...good.proof, ethers.ZeroHash] }, { proof: [...good.proof].reverse() }])
        await refused(stranger.claim([{ ...good, ...change }]), "WrongProof");
    await refused(stranger.claim([{ ...good, epoch: epoch + 1n }]), "UnknownEpoch");
    await refused(stranger.claim([{ ...good, epoch: epoch - 1n }]), "AlreadyClaimed");
    const single = rewardTree(epoch, rowsOf(owners).slice(0, 1));
    assert.equal(single.root, await registry.claimLeaf(epoch, single.claims[0].nodeId, single.claims[0].owner, 0n, amounts[0]));
    await done(stranger.claim([good]));
});

await test("a report that promises more than its pool pays the pool at most, and no number overflows", async () => {
    const epoch = await chain.endEpoch();
    const rows = rowsOf(owners.slice(0, 3));
    rows[1].amount = ethers.MaxUint256;
    rows[2].amount = pool;
    const tree = rewardTree(epoch, rows);
    await done(registry.reportEpoch(epoch, report(tree.root, pool)));
    const others = await token.balanceOf(await registry.getAddress());
    await refused(stranger.claim([tree.claims[1]]), "PoolExceeded");
    await done(stranger.claim([tree.claims[0]]));
    await refused(stranger.claim([tree.claims[2]]), "PoolExceeded");
    assert.equal(await token.balanceOf(await registry.getAddress()), others - rows[0].amount);
    const limits = await bind(registry, chainId, owner, "limits", await chain.now(), { expiresAt: 2n ** 64n - 1n });
    await done(registry.register(limits.binding, limits.signature));
    const last = await bind(registry, chainId, owner, "limits", 2n ** 64n - 2n, { expiresAt: 2n ** 64n - 1n });
    await refused(registry.register(last.binding, last.signature), "BindingNotYetValid");
});

await test("reentrancy: while it pays, the registry calls its own token and nothing else, after it has written down the claim", async () => {
    const epoch = await chain.endEpoch();
    const tree = rewardTree(epoch, rowsOf([await registry.getAddress(), ...owners.slice(1)]));
    await done(registry.reportEpoch(epoch, report(tree.root, pool)));
    const receipt = await done(stranger.claim(tree.claims));
    const trace = await chain.provider.send("debug_traceTransaction", [receipt.hash, { disableMemory: true }]);
    const steps = trace.structLogs.filter((step) => step.depth === 1);
    const calls = steps.filter((step) => /^(CALL|CALLCODE|DELEGATECALL|STATICCALL|CREATE2?|SELFDESTRUCT)$/.test(step.op));
    const own = BigInt(await registry.token());
    assert.equal(calls.length, tree.claims.length);
    for (const call of calls) assert.equal(BigInt("0x" + call.stack.at(-2).replace(/^0x/, "")), own);
    const written = steps.slice(0, steps.indexOf(calls[0])).filter((step) => step.op === "SSTORE").length;
    assert.equal(written, 2, "the claim and what is left of the pool are stored before the first call");
});

await test("the token moves as ERC-20 says, and only the registry mints", async () => {
    const [a, b] = [chain.accounts[6], chain.accounts[7]];
    const [from, to] = [await a.getAddress(), await b.getAddress()];
    const epoch = await chain.endEpoch();
    const tree = rewardTree(epoch, [{ nodeId: bytes32("paid"), owner: from, microPoints: 1n, amount: 100n }]);
    await done(registry.reportEpoch(epoch, report(tree.root, 100n)));
    await done(registry.claim(tree.claims));
    assert.deepEqual([await token.name(), await token.symbol(), await token.decimals()], ["Kaisar Reward", "vKAI", 18n]);
    await refused(token.mint(from, 1n), "NotRegistry");
    await refused(token.connect(a).transfer(to, 101n), "InsufficientBalance", 100n, 101n);
    await refused(token.connect(a).transfer(ethers.ZeroAddress, 1n), "ZeroAddress");
    await done(token.connect(a).transfer(to, 40n), "transfer");
    await refused(token.connect(b).transferFrom(from, to, 1n), "InsufficientAllowance", 0n, 1n);
    await done(token.connect(a).approve(to, 30n));
    await done(token.connect(b).transferFrom(from, to, 30n));
    await refused(token.connect(b).transferFrom(from, to, 1n), "InsufficientAllowance");
    await done(token.connect(a).transfer(from, 30n));
    assert.deepEqual([await token.balanceOf(from), await token.balanceOf(to)], [30n, 70n]);
});

await test("the office changes hands when the next operator takes it, and the old one has none then", async () => {
    const next = registry.connect(chain.accounts[8]);
    await refused(stranger.proposeOperator(await chain.accounts[5].getAddress()), "NotOperator");
    await done(registry.proposeOperator(await chain.accounts[8].getAddress()));
    await refused(stranger.acceptOperator(), "NotProposed");
    await done(next.acceptOperator());
    await refused(registry.addChecker(bytes32("late")), "NotOperator");
    await done(next.addChecker(bytes32("late")));
    await refused(stranger.acceptOperator(), "NotProposed");
});

await test("the gas of each operation is what docs/contract.md says", async () => {
    const text = readFileSync(join(root, "docs/contract.md"), "utf8");
    gas["deployment"] = Number((await registry.deploymentTransaction().wait()).gasUsed);
    for (const [name, used] of Object.entries(gas)) {
        const row = new RegExp(`^\\| \`?${name}\`? *\\| *([\\d,]+) `, "m").exec(text);
        assert.ok(row, `docs/contract.md has no row for ${name}, which took ${used} gas`);
        const said = Number(row[1].replaceAll(",", ""));
        assert.ok(Math.abs(used - said) <= said / 100, `${name} takes ${used} gas, docs/contract.md says ${said}`);
    }
});

chain.stop();
process.exit(exitCode());
