// Compiles the contracts with the pinned compiler and settings of compiler.json; with --write, the artefact and the
// deployed code that lib/ takes in are written, without it they are compared. `solc` is looked for where tests/interop/chain has it.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const solc = createRequire(join(here, "../../../tests/interop/chain/package.json"))("solc");
const pinned = JSON.parse(readFileSync(join(here, "compiler.json"), "utf8"));

export function compile() {
    if (!solc.version().startsWith(pinned.solc + "+")) throw new Error(`solc ${solc.version()}, but compiler.json pins ${pinned.solc}`);
    const sources = Object.fromEntries(pinned.sources.map((name) => [name, { content: readFileSync(join(here, name), "utf8") }]));
    const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings: pinned.settings })));
    const complaints = (output.errors ?? []).map((one) => one.formattedMessage);
    if (complaints.length) throw new Error(complaints.join("\n"));
    const contracts = {};
    for (const name of pinned.sources)
        for (const [contract, made] of Object.entries(output.contracts[name]))
            contracts[contract] = { abi: made.abi, bytecode: "0x" + made.evm.bytecode.object, runtime: "0x" + made.evm.deployedBytecode.object };
    return contracts;
}

/// The files that follow from the sources: name and content.
export function artefacts() {
    const contracts = compile();
    const hex = contracts.KaisarRegistry.bytecode.slice(2);
    const lines = hex.match(/.{1,112}/g).map((line) => `    "${line}"`);
    return {
        "artefact.json": JSON.stringify({ compiler: solc.version(), contracts }, null, 1) + "\n",
        "../registry_code.inc": "// Made by compile.mjs of KaisarRegistry.sol: the code that makes the contract.\n" + lines.join("\n") + "\n",
    };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    for (const [name, content] of Object.entries(artefacts())) {
        if (process.argv.includes("--write")) writeFileSync(join(here, name), content);
        else if (readFileSync(join(here, name), "utf8") !== content) {
            console.log(`${name} does not follow from the sources; run node lib/registry/contracts/compile.mjs --write`);
            process.exitCode = 1;
        }
    }
}
