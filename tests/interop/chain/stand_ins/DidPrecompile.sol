// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Stands in for peaq's DID precompile, which no chain of a test's own has: the published interface, with its rules.
/// An account writes attributes of any account; who wrote one may change it; names have at most 64 bytes;
/// validity is in blocks, and zero is without end. What the runtime refuses it says in a sentence, not by a type.
contract DidPrecompile {
    struct Attribute {
        bytes name;
        bytes value;
        uint32 validity;
        uint256 created;
    }

    event AddAttribute(address sender, address did_account, bytes name, bytes value, uint32 validity);
    event UpdateAttribute(address sender, address did_account, bytes name, bytes value, uint32 validity);
    event RemoveAttribte(address did_account, bytes name); // as the runtime spells it

    mapping(address => mapping(bytes32 => Attribute)) private attributes;
    mapping(address => mapping(bytes32 => address)) private writers;

    function readAttribute(address did_account, bytes memory name) external view returns (Attribute memory) {
        require(writers[did_account][keccak256(name)] != address(0), "Cannot find the item");
        return attributes[did_account][keccak256(name)];
    }

    function addAttribute(address did_account, bytes memory name, bytes memory value, uint32 validity_for) external returns (bool) {
        bytes32 id = keccak256(name);
        fit(name);
        if (writers[did_account][id] != address(0)) refuse("AttributeAlreadyExist");
        writers[did_account][id] = msg.sender;
        attributes[did_account][id] = Attribute(name, value, lastBlock(validity_for), block.timestamp * 1000);
        emit AddAttribute(msg.sender, did_account, name, value, validity_for);
        return true;
    }

    function updateAttribute(address did_account, bytes memory name, bytes memory value, uint32 validity_for) external returns (bool) {
        bytes32 id = keccak256(name);
        fit(name);
        own(did_account, id);
        attributes[did_account][id].value = value;
        attributes[did_account][id].validity = lastBlock(validity_for);
        emit UpdateAttribute(msg.sender, did_account, name, value, validity_for);
        return true;
    }

    function removeAttribute(address did_account, bytes memory name) external returns (bool) {
        own(did_account, keccak256(name));
        delete writers[did_account][keccak256(name)];
        delete attributes[did_account][keccak256(name)];
        emit RemoveAttribte(did_account, name);
        return true;
    }

    function own(address did_account, bytes32 id) private view {
        if (writers[did_account][id] == address(0)) refuse("AttributeNotFound");
        if (writers[did_account][id] != msg.sender) refuse("AttributeAuthorizationFailed");
    }

    function fit(bytes memory name) private pure {
        if (name.length > 64) refuse("AttributeNameExceedMax64");
    }

    function lastBlock(uint32 validity_for) private view returns (uint32) {
        if (validity_for == 0) return type(uint32).max;
        uint256 last = block.number + validity_for;
        if (last > type(uint32).max) refuse("MaxBlockNumberExceeded");
        return uint32(last);
    }

    function refuse(string memory name) private pure {
        revert(string.concat("Dispatched call failed with error: Module(ModuleError { index: 151, error: [0, 0, 0, 0], message: Some(\"",
                             name, "\") })"));
    }
}
