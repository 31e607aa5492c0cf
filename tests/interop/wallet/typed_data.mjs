// Typed data (EIP-712) as nobody would write it.
import { randomBytes, randomInt } from "../random.mjs";
import { ethers } from "./wallet.mjs";

/// Random types that use each other without cycles, and a message that fits them.
export function randomTypedData() {
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
