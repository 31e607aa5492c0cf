// kaisar's wallet against ethers 6, both ways: mnemonics, keystores, EIP-191, EIP-712, bindings.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import { ethers, exitCode, file, folder, password, test, wallet, withPassword } from "./wallet.mjs";
import { randomBytes, randomInt } from "../random.mjs";
import { randomTypedData } from "./typed_data.mjs";

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

process.exit(exitCode());
