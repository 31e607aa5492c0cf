// kaisar's wallet against ethers 6, both ways: mnemonics, keystores, EIP-191, EIP-712, bindings.
import { spawnSync } from "node:child_process";
import { createHash, randomBytes, randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const here = dirname(fileURLToPath(import.meta.url));
const kaisar = join(process.env.KAISAR_BUILD ?? join(here, "../../../build"), "bin/kaisar");
const folder = mkdtempSync(join(tmpdir(), "kaisar-interop-"));
const password = "correct horse battery staple";

function installEthers() {
    if (existsSync(join(here, "node_modules/ethers"))) return;
    const done = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: here, encoding: "utf8" });
    if (done.status !== 0) {
        console.log(`npm ci could not bring ethers: ${(done.stderr ?? String(done.error)).trim().split("\n").pop()}`);
        process.exit(77);
    }
}

installEthers();
const { ethers } = await import("ethers");

let failures = 0;
async function test(name, body) {
    const started = Date.now();
    try {
        await body();
        console.log(`ok - ${name} # ${((Date.now() - started) / 1000).toFixed(1)} s`);
    } catch (error) {
        failures++;
        console.log(`not ok - ${name}\n  ${String(error.stack).replaceAll("\n", "\n  ")}`);
    }
}

function file(name, content) {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
}
const passwordFile = file("password", password + "\n");

/// What `kaisar wallet …` said, as JSON; the wallet is the one in `home`.
function wallet(home, ...words) {
    const done = spawnSync(kaisar, ["--json", "--data-dir", join(folder, home), "wallet", ...words], { encoding: "utf8" });
    assert.equal(done.error, undefined);
    const answer = JSON.parse(done.stdout);
    assert.equal(done.status, answer.error?.code ?? 0, done.stderr);
    return answer;
}
const withPassword = ["--password-file", passwordFile];

const ours = (() => {
    const mnemonicFile = join(folder, "mnemonic");
    const answer = wallet("ours", "create", "--mnemonic-file", mnemonicFile, ...withPassword);
    const phrase = readFileSync(mnemonicFile, "utf8").trim();
    return { ...answer, phrase, mnemonicFile, ethers: ethers.HDNodeWallet.fromPhrase(phrase) };
})();

await test("ethers makes the same account of a mnemonic that kaisar made", () => {
    assert.equal(ours.phrase.split(" ").length, 24);
    assert.equal(ours.ethers.address, ours.address);
    assert.equal(wallet("ours", "export", ...withPassword).private_key, ours.ethers.privateKey);
});

await test("kaisar makes the same account of mnemonics, passphrases and paths of ethers", () => {
    const cases = [[16, "", "m/44'/60'/0'/0/0"], [20, "", "m/44'/60'/0'/0/5"], [32, "a pass phrase!", "m/44'/60'/3'/0/0"]];
    for (const [index, [size, passphrase, path]] of cases.entries()) {
        const mnemonic = ethers.Mnemonic.fromEntropy(randomBytes(size), passphrase);
        const words = ["--mnemonic-file", file(`m${index}`, mnemonic.phrase), "--path", path];
        if (passphrase) words.push("--passphrase-file", file(`p${index}`, passphrase));
        const answer = wallet(`import${index}`, "import", ...words, ...withPassword);
        assert.equal(answer.address, ethers.HDNodeWallet.fromMnemonic(mnemonic, path).address);
        assert.equal(answer.path, path);
    }
});

await test("ethers opens kaisar's keystore with the password, and with no other", async () => {
    const json = readFileSync(ours.file, "utf8");
    const opened = await ethers.Wallet.fromEncryptedJson(json, password);
    assert.equal(opened.privateKey, ours.ethers.privateKey);
    assert.deepEqual(wallet("ours", "export", "--format", "keystore", ...withPassword).keystore, JSON.parse(json));
    await assert.rejects(ethers.Wallet.fromEncryptedJson(json, password + "!"), /incorrect password/);
});

await test("kaisar opens ethers' keystores, with and without a mnemonic, and no other password does", async () => {
    const theirs = ethers.Wallet.createRandom();
    for (const [index, account] of [theirs, new ethers.Wallet(theirs.privateKey)].entries()) {
        const json = await account.encrypt(password);
        const answer = wallet(`keystore${index}`, "import", "--keystore", file(`k${index}`, json), ...withPassword);
        assert.equal(answer.address, theirs.address);
        const refused = wallet("none", "import", "--keystore", join(folder, `k${index}`), "--password-file", file("wrong", "wrong password"));
        assert.equal(refused.error.kind, "wallet");
    }
});

await test("a changed password opens the wallet in ethers, and the old one no longer does in kaisar", async () => {
    const next = file("next", "another password\n");
    wallet("keystore0", "change-password", ...withPassword, "--new-password-file", next);
    const shown = wallet("keystore0", "show");
    const opened = await ethers.Wallet.fromEncryptedJson(readFileSync(shown.file, "utf8"), "another password");
    assert.equal(opened.address, shown.address);
    assert.equal(wallet("keystore0", "export", ...withPassword).error.kind, "wallet");
});

await test("messages are signed byte for byte as ethers signs them (EIP-191)", async () => {
    for (const message of ["hello", "", "Zürich – ☃\n"]) {
        const signed = wallet("ours", "sign", "--message", message, ...withPassword);
        assert.equal(signed.signature, await ours.ethers.signMessage(message));
        assert.equal(signed.digest, ethers.hashMessage(message));
    }
    const bytes = randomBytes(5000);
    const path = file("bytes", bytes);
    assert.equal(wallet("ours", "sign", "--message-file", path, ...withPassword).signature, await ours.ethers.signMessage(bytes));
});

await test("kaisar accepts ethers' signatures of 50 messages, and of none of them when a byte differs", async () => {
    for (let i = 0; i < 50; i++) {
        const theirs = ethers.Wallet.createRandom();
        const bytes = randomBytes(randomInt(1, 300));
        const signature = await theirs.signMessage(bytes);
        const words = ["verify", "--address", theirs.address, "--signature", signature, "--message-file"];
        assert.equal(wallet("ours", ...words, file("message", bytes)).address, theirs.address);
        bytes[randomInt(bytes.length)] ^= 1;
        assert.equal(wallet("ours", ...words, file("message", bytes)).error.kind, "mismatch");
    }
});

/// Random types that use each other without cycles, and a message that fits them.
function randomTypedData() {
    const types = {};
    const structs = [];
    const leaf = () => {
        const bits = 8 * randomInt(1, 33);
        const pick = ["string", "bytes", "bool", "address", `uint${bits}`, `int${bits}`, `bytes${bits / 8}`];
        return pick[randomInt(pick.length)];
    };
    for (let s = 0; s < 4; s++) {
        const members = [];
        for (let m = 0; m < randomInt(1, 6); m++) {
            const single = structs.length && randomInt(3) === 0 ? structs[randomInt(structs.length)] : leaf();
            const suffix = ["", "", "", "[]", "[2]", "[][3]"][randomInt(6)];
            members.push({ name: `m${m}`, type: single + suffix });
        }
        if (s === 3) for (const name of structs) members.push({ name: `all${name}`, type: name });
        types[`Type${s}`] = members;
        structs.push(`Type${s}`);
    }
    const value = (type) => {
        const array = /^(.*)\[(\d*)\]$/.exec(type);
        if (array) return Array.from({ length: array[2] ? Number(array[2]) : randomInt(3) }, () => value(array[1]));
        if (types[type]) return Object.fromEntries(types[type].map((member) => [member.name, value(member.type)]));
        if (type === "string") return randomBytes(randomInt(40)).toString("base64") + "é";
        if (type === "bool") return randomInt(2) === 1;
        if (type === "address") return ethers.getAddress("0x" + randomBytes(20).toString("hex"));
        if (type === "bytes") return "0x" + randomBytes(randomInt(70)).toString("hex");
        const [, kind, size] = /^([a-z]+)(\d+)$/.exec(type);
        if (kind === "bytes") return "0x" + randomBytes(Number(size)).toString("hex");
        const raw = BigInt("0x" + randomBytes(Number(size) / 8).toString("hex"));
        return String(kind === "int" ? BigInt.asIntN(Number(size), raw) : raw);
    };
    const domain = { name: "Anything", version: "2", chainId: randomInt(1, 1 << 30), verifyingContract: value("address") };
    if (randomInt(2)) domain.salt = value("bytes32");
    if (randomInt(2)) delete domain.verifyingContract;
    return { domain, types, message: value("Type3") };
}

await test("kaisar finds the signer of 100 random typed documents that ethers signed (EIP-712)", async () => {
    for (let i = 0; i < 100; i++) {
        const theirs = ethers.Wallet.createRandom();
        const { domain, types, message } = randomTypedData();
        const signature = await theirs.signTypedData(domain, types, message);
        const payload = ethers.TypedDataEncoder.getPayload(domain, types, message);
        if (i % 2) delete payload.types.EIP712Domain;
        const path = file("typed.json", JSON.stringify(payload));
        const words = ["verify", "--typed-data", path, "--address", theirs.address, "--signature", signature];
        const answer = wallet("ours", ...words);
        assert.equal(answer.digest, ethers.TypedDataEncoder.hash(domain, types, message), JSON.stringify(payload));
        assert.equal(answer.address, theirs.address);
    }
});

await test("kaisar signs typed data as ethers does", async () => {
    const { domain, types, message } = randomTypedData();
    const path = file("typed.json", JSON.stringify(ethers.TypedDataEncoder.getPayload(domain, types, message)));
    const signed = wallet("ours", "sign", "--typed-data", path, ...withPassword);
    assert.equal(signed.signature, await ours.ethers.signTypedData(domain, types, message));
});

await test("ethers finds the owner in a worker's binding", () => {
    const nodeKey = "0x" + randomBytes(32).toString("hex");
    const request = { schema: "kaisar.binding-request/1", chain_id: 9990, registry: "0x46BdE1b8e7c53CF5DDa631a92f5bc2ef445bc5A8",
                      node_public_key: nodeKey, inventory_hash: "0x" + randomBytes(32).toString("hex") };
    const out = join(folder, "binding.json");
    const answer = wallet("ours", "bind", "--request", file("request.json", JSON.stringify(request)), "--out", out,
                          "--valid-days", "30", ...withPassword);
    const binding = JSON.parse(readFileSync(out, "utf8"));
    assert.deepEqual(answer.binding, binding);
    const seconds = (text) => Date.parse(text) / 1000;
    assert.equal(seconds(binding.expires_at) - seconds(binding.issued_at), 30 * 86400);
    assert.equal(binding.node_id, "0x" + createHash("sha256").update(Buffer.from(nodeKey.slice(2), "hex")).digest("hex"));
    const domain = { name: "Kaisar Worker Registry", version: "1", chainId: request.chain_id, verifyingContract: request.registry };
    const types = { WorkerBinding: [["nodeId", "bytes32"], ["nodeKey", "bytes32"], ["inventoryHash", "bytes32"], ["owner", "address"],
                                    ["issuedAt", "uint64"], ["expiresAt", "uint64"]].map(([name, type]) => ({ name, type })) };
    const message = { nodeId: binding.node_id, nodeKey, inventoryHash: request.inventory_hash, owner: ours.address,
                      issuedAt: seconds(binding.issued_at), expiresAt: seconds(binding.expires_at) };
    assert.equal(ethers.verifyTypedData(domain, types, message, binding.owner_signature), ours.address);
});

rmSync(folder, { recursive: true });
process.exit(failures ? 1 : 0);
