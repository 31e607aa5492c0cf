// kaisar's wallet and transactions against Foundry's cast, a second and independent oracle beside ethers.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import { build, ethers, exitCode, file, folder, here, password, test, wallet, withPassword } from "./wallet.mjs";
import { randomBytes, randomInt } from "../random.mjs";
import { randomTypedData } from "./typed_data.mjs";

const program = join(here, "node_modules/@foundry-rs/cast-linux-amd64/bin/cast");
if (!existsSync(program)) {
    console.log("there is no cast for this kind of machine");
    process.exit(77);
}

/// What cast said; secrets may stand in its argv because they are a test's.
function cast(...words) {
    const done = spawnSync(program, words.map(String), { encoding: "utf8", env: { HOME: folder, NO_COLOR: "1" } });
    assert.equal(done.status, 0, String(done.stderr ?? done.error));
    return done.stdout.trim();
}

const mnemonicFile = join(folder, "mnemonic");
const ours = wallet("ours", "create", "--mnemonic-file", mnemonicFile, ...withPassword);
const phrase = readFileSync(mnemonicFile, "utf8").trim();
const key = wallet("ours", "export", ...withPassword).private_key;

await test("cast makes the same account of a mnemonic that kaisar made", () => {
    assert.equal(cast("wallet", "address", "--mnemonic", phrase), ours.address);
    assert.equal(cast("wallet", "private-key", phrase), key);
});

await test("kaisar makes the same account of cast's mnemonics, with passphrases and paths", () => {
    for (const [index, passphrase] of ["", "a pass phrase!", "TREZOR"].entries()) {
        const theirs = JSON.parse(cast("wallet", "new-mnemonic", "--words", [12, 24, 12][index], "--json")).mnemonic;
        const path = `m/44'/60'/${index}'/0/${randomInt(1000)}`;
        const words = ["--mnemonic-file", file(`m${index}`, theirs), "--path", path];
        if (passphrase) words.push("--passphrase-file", file(`p${index}`, passphrase));
        const expected = cast("wallet", "address", "--mnemonic", theirs, "--mnemonic-derivation-path", path,
                              ...(passphrase ? ["--mnemonic-passphrase", passphrase] : []));
        assert.equal(wallet(`import${index}`, "import", ...words, ...withPassword).address, expected);
    }
});

await test("cast opens kaisar's keystore, and kaisar opens cast's", () => {
    const directory = join(folder, "keystores");
    file("wallet-copy.json", readFileSync(ours.file));
    assert.ok(cast("wallet", "decrypt-keystore", "wallet-copy.json", "--keystore-dir", folder, "--unsafe-password", password).includes(key));
    const theirs = "0x" + randomBytes(32).toString("hex");
    cast("wallet", "import", "theirs", "--keystore-dir", directory, "--private-key", theirs, "--unsafe-password", password);
    const answer = wallet("keystore", "import", "--keystore", join(directory, "theirs"), ...withPassword);
    assert.equal(answer.address, cast("wallet", "address", "--private-key", theirs));
    assert.equal(wallet("keystore", "export", ...withPassword).private_key, theirs);
});

await test("messages are signed byte for byte as cast signs them, and each finds the other's signer", () => {
    for (const message of ["hello", "Zürich – ☃", "x".repeat(1000)]) {
        const { signature } = wallet("ours", "sign", "--message", message, ...withPassword);
        assert.equal(signature, cast("wallet", "sign", "--private-key", key, message));
        cast("wallet", "verify", "--address", ours.address, message, signature);
        assert.equal(wallet("ours", "verify", "--message", message, "--address", ours.address, "--signature", signature).address, ours.address);
    }
});

await test("typed data that cast signed has the same digest and signer in kaisar, and signatures are the same bytes", () => {
    for (let i = 0; i < 12; i++) {
        const { domain, types, message } = randomTypedData();
        const path = file("typed.json", JSON.stringify(ethers.TypedDataEncoder.getPayload(domain, types, message)));
        const theirs = "0x" + randomBytes(32).toString("hex");
        const signature = cast("wallet", "sign", "--private-key", theirs, "--data", "--from-file", path);
        wallet("ours", "verify", "--typed-data", path, "--address", cast("wallet", "address", "--private-key", theirs), "--signature", signature);
        if (i < 2)
            assert.equal(wallet("ours", "sign", "--typed-data", path, ...withPassword).signature,
                         cast("wallet", "sign", "--private-key", key, "--data", "--from-file", path));
    }
});

const hex = (size) => "0x" + randomBytes(size).toString("hex");
const number = (bits) => BigInt.asUintN(randomInt(1, bits + 1), BigInt(hex(32)));

function encode(lines) {
    const done = spawnSync(join(build, "bin/tests/chain_encodings"), { input: lines.join("\n") + "\n", encoding: "utf8" });
    assert.equal(done.status, 0, String(done.stderr ?? done.error));
    return done.stdout.trimEnd().split("\n");
}

// Beside the networks we name, identifiers that no network has: for some (30, 88, …) cast sends the old kind, whatever it is told.
const ownChains = [1n, 3338n, 9990n, 31337n];

await test("40 random transactions of both kinds are signed and encoded as cast does", () => {
    const lines = [], expected = [];
    for (let i = 0; i < 40; i++) {
        const market = i % 2 ? "legacy" : "base-fee", signer = hex(32), to = ethers.getAddress(hex(20));
        const chain = ownChains[i] ?? 2n ** 40n + number(40);
        const [nonce, gas, value] = [number(32), number(40), number(120)];
        const fee = number(80) + 1n, tip = market === "legacy" ? 0n : fee / 2n;
        const data = i % 3 ? hex(randomInt(1, 200)) : "0x";
        expected.push(cast("mktx", "--private-key", signer, "--chain", chain, "--nonce", nonce, "--gas-limit", gas, "--value", value,
                           "--gas-price", fee, ...(market === "legacy" ? ["--legacy"] : ["--priority-gas-price", tip]), to,
                           ...(data === "0x" ? [] : [data])));
        lines.push(["transaction", market, chain, nonce, tip, fee, gas, to, value, data === "0x" ? "-" : data, signer].join(" "));
    }
    assert.deepEqual(encode(lines), expected);
});

await test("a registration and a peer are called as cast encodes them from the signature in words", () => {
    const lines = [], expected = [];
    for (let i = 0; i < 10; i++) {
        const [nodeKey, inventory, owner, issued, expires, signature] = [hex(32), hex(32), ethers.getAddress(hex(20)), number(64), number(64), hex(65)];
        const nodeId = ethers.sha256(nodeKey);
        lines.push(["register", nodeId, nodeKey, inventory, owner, issued, expires, signature].join(" "));
        expected.push(cast("calldata", "register((bytes32,bytes32,bytes32,address,uint64,uint64),bytes)",
                           `(${[nodeId, nodeKey, inventory, owner, issued, expires].join(",")})`, signature));
        const endpoint = "https://" + "x".repeat(randomInt(1, 80));
        lines.push(["peer", nodeKey, endpoint].join(" "));
        expected.push(cast("calldata", "addPeer(bytes32,string)", nodeKey, endpoint));
    }
    assert.deepEqual(encode(lines), expected);
});

process.exit(exitCode());
