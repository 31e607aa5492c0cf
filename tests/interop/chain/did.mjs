// The DID precompile's stand-in, and documents on it as somebody else's tools see them: ethers, and peaq's published .proto by hand.
//   node did.mjs code                          the stand-in's code, for anvil_setCode
//   node did.mjs read URL ACCOUNT              the worker's document, decoded, and whether its node key signed it
//   node did.mjs write URL ACCOUNT KEY VALIDITY [TEXT]   adds the attribute, or updates it; without TEXT with the value that is there
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ethers, here, nodeIdOf, root } from "./chain.mjs";

const solc = createRequire(join(here, "package.json"))("solc");
const precompile = "0x0000000000000000000000000000000000000800";

function compile() {
    const { settings } = JSON.parse(readFileSync(join(root, "lib/registry/contracts/compiler.json"), "utf8"));
    const sources = { "DidPrecompile.sol": { content: readFileSync(join(here, "stand_ins/DidPrecompile.sol"), "utf8") } };
    const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings })));
    if (output.errors?.length) throw new Error(output.errors.map((one) => one.formattedMessage).join("\n"));
    return output.contracts["DidPrecompile.sol"].DidPrecompile.evm.deployedBytecode.object;
}

// What peaq publishes of the precompile, not what the stand-in was compiled to.
const contractOf = (runner) => new ethers.Contract(precompile, [
    "function readAttribute(address did_account, bytes name) view returns (tuple(bytes name, bytes value, uint32 validity, uint256 created))",
    "function addAttribute(address did_account, bytes name, bytes value, uint32 validity_for) returns (bool)",
    "function updateAttribute(address did_account, bytes name, bytes value, uint32 validity_for) returns (bool)"], runner);
const nameOf = (account) => ethers.toUtf8Bytes("did:peaq:" + account);

/// The fields of a protobuf message that has strings and messages only: number, bytes, and where they lie.
function fieldsOf(bytes) {
    const fields = [];
    for (let at = 0; at < bytes.length;) {
        const begin = at, number = bytes[at] >> 3;
        if ((bytes[at++] & 7) !== 2) throw new Error("a field that is no string");
        let length = 0, shift = 0;
        do length += (bytes[at] & 0x7f) * 2 ** shift, shift += 7; while (bytes[at++] & 0x80);
        if (at + length > bytes.length) throw new Error("a field that ends beyond its message");
        fields.push({ number, content: bytes.subarray(at, at + length), begin, end: at + length });
        at += length;
    }
    return fields;
}
const named = (bytes, names) => Object.fromEntries(fieldsOf(bytes).map(({ number, content }) => [names[number - 1], content.toString("utf8")]));

function documentOf(bytes) {
    const document = { id: [], controller: [], verificationMethods: [], signature: [], services: [], authentications: [] };
    for (const { number, content } of fieldsOf(bytes)) {
        const text = content.toString("utf8");
        [() => document.id.push(text), () => document.controller.push(text),
         () => document.verificationMethods.push(named(content, ["id", "type", "controller", "publicKeyMultibase"])),
         () => document.signature.push(named(content, ["type", "issuer", "hash"])),
         () => document.services.push(named(content, ["id", "type", "serviceEndpoint", "data"])),
         () => document.authentications.push(text)][number - 1]();
    }
    return document;
}

/// The node key out of the document, and whether it signed everything else in it.
function checkSignature(bytes, document) {
    const decoded = ethers.toBeHex(ethers.decodeBase58(document.verificationMethods[0].publicKeyMultibase.slice(1)), 34);
    if (!decoded.startsWith("0xed01")) throw new Error("not the multicodec of Ed25519");
    const key = "0x" + decoded.slice(6);
    const { begin, end } = fieldsOf(bytes).find(({ number }) => number === 4);
    const signed = Buffer.concat([Buffer.from("kaisar/1/identity\n"), bytes.subarray(0, begin), bytes.subarray(end)]);
    const spki = createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(key.slice(2), "hex")]), format: "der", type: "spki" });
    return { nodeId: nodeIdOf(key), isSigned: verify(null, signed, spki, Buffer.from(document.signature[0].hash, "hex")) };
}

const [verb, url, account, key, validity, text] = process.argv.slice(2);
if (verb === "code") {
    console.log("0x" + compile());
} else {
    const provider = new ethers.JsonRpcProvider(url, undefined, { cacheTimeout: -1, pollingInterval: 20 });
    const find = async () => {
        try {
            return await contractOf(provider).readAttribute(account, nameOf(account));
        } catch (error) {
            if (error.reason !== "Cannot find the item") throw error;
            return null;
        }
    };
    const attribute = await find();
    if (verb === "read") {
        const bytes = Buffer.from(ethers.toUtf8String(attribute.value), "hex");
        const document = documentOf(bytes);
        console.log(JSON.stringify({ validity: Number(attribute.validity), document, ...checkSignature(bytes, document) }));
    } else {
        const contract = contractOf(new ethers.Wallet(key, provider));
        const value = text === undefined ? attribute.value : ethers.toUtf8Bytes(text);
        await (await contract[attribute ? "updateAttribute" : "addAttribute"](account, nameOf(account), value, Number(validity))).wait();
    }
    provider.destroy();
}
