// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {KaisarToken} from "./KaisarToken.sol";

/// Which worker earns for whom, which peer it was given, who checks, and what each epoch paid.
///
/// The contract proves that an owner agreed to a worker (EIP-712). It does not prove that the worker's node key agreed:
/// Ed25519 is not affordable here. A record therefore belongs to an owner and a node key together: whoever registers
/// somebody else's node key has a record of his own that nobody's stands behind, and takes nothing from anyone. The
/// checkers, who do verify the node key's countersignature, report points for the right one only.
///
/// What the operator can do: add and retire peers, add checkers, ban them for longer, report an epoch that is over,
/// hand its office over. What it cannot do: register or remove a worker, change or repeat a report, mint more than
/// `poolLimit` for an epoch that ended since the contract was made, take tokens, lift a ban, change this code.
contract KaisarRegistry {
    struct Binding {
        bytes32 nodeId;
        bytes32 nodeKey;
        bytes32 inventoryHash;
        address owner;
        uint64 issuedAt;
        uint64 expiresAt;
    }

    struct Worker {
        bytes32 inventoryHash;
        bytes32 peerId;
        uint64 issuedAt; // nothing that was signed earlier, or then, counts any more
        uint64 expiresAt; // of the binding; zero: deregistered
        uint64 peerExpiresAt;
        uint32 peer;
    }

    struct Peer {
        bytes32 key;
        bool isRetired;
        string endpoint;
    }

    struct Report {
        bytes32 rewardsRoot; // of claimLeaf()s
        bytes32 verdictsRoot;
        bytes32 pointsDigest;
        uint64 microPoints;
        uint256 pool;
    }

    struct Claim {
        uint64 epoch;
        bytes32 nodeId;
        address owner;
        uint64 microPoints;
        uint256 amount;
        bytes32[] proof;
    }

    uint256 private constant SECP256K1_HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    uint64 public constant CLOCK_SKEW = 300;
    uint64 public constant PEER_LIFETIME = 365 days;
    uint256 public constant ENDPOINT_LIMIT = 256;
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant BINDING_TYPE = keccak256(
        "WorkerBinding(bytes32 nodeId,bytes32 nodeKey,bytes32 inventoryHash,address owner,uint64 issuedAt,uint64 expiresAt)"
    );
    bytes32 private constant RELEASE_TYPE = keccak256("WorkerRelease(bytes32 nodeId,address owner,uint64 issuedAt)");

    KaisarToken public immutable token;
    uint64 public immutable epochSeconds;
    uint64 public immutable firstEpoch;
    uint256 public immutable poolLimit;

    address public operator;
    address public nextOperator;
    uint64 public nextEpoch; // the earliest one that can still be reported
    mapping(bytes32 => Worker) private workers;
    Peer[] public peers;
    uint32[] private servingPeers;
    mapping(bytes32 => uint64) public checkerBannedUntil; // 1: known and never banned
    mapping(uint64 => Report) public reports;
    mapping(uint64 => uint256) public unclaimed;
    mapping(uint64 => mapping(bytes32 => bool)) public isClaimed;

    event WorkerRegistered(
        bytes32 indexed nodeId, address indexed owner, bytes32 nodeKey, bytes32 inventoryHash, uint64 issuedAt, uint64 expiresAt
    );
    event WorkerDeregistered(bytes32 indexed nodeId, address indexed owner);
    event PeerAssigned(
        bytes32 indexed nodeId, address indexed owner, bytes32 peerId, bytes32 peerKey, string endpoint, uint64 expiresAt
    );
    event PeerAdded(uint32 indexed peer, bytes32 key, string endpoint);
    event PeerRetired(uint32 indexed peer);
    event CheckerAdded(bytes32 indexed key);
    event CheckerBanned(bytes32 indexed key, uint64 until);
    event EpochReported(
        uint64 indexed epoch, bytes32 rewardsRoot, bytes32 verdictsRoot, bytes32 pointsDigest, uint64 microPoints, uint256 pool
    );
    event Claimed(uint64 indexed epoch, bytes32 indexed nodeId, address indexed owner, uint256 amount);
    event OperatorProposed(address indexed next);
    event OperatorChanged(address indexed operator);

    error NotOperator();
    error NotProposed();
    error WrongNodeId();
    error WrongSignature();
    error BindingExpired(uint64 expiresAt);
    error BindingNotYetValid(uint64 issuedAt);
    error BindingSuperseded(uint64 issuedAt);
    error UnknownWorker();
    error NoPeer();
    error UnknownPeer();
    error WrongEndpoint();
    error CheckerKnown();
    error UnknownChecker();
    error BanNotLonger(uint64 until);
    error EpochNotOver(uint64 epoch);
    error EpochPassed(uint64 nextEpoch);
    error PoolTooLarge(uint256 poolLimit);
    error UnknownEpoch(uint64 epoch);
    error WrongProof(uint64 epoch);
    error AlreadyClaimed(uint64 epoch, bytes32 nodeId);
    error PoolExceeded(uint64 epoch);

    modifier onlyOperator() {
        if (msg.sender != operator) revert NotOperator();
        _;
    }

    constructor(address firstOperator, uint64 epochLengthSeconds, uint256 poolLimitPerEpoch) {
        operator = firstOperator;
        epochSeconds = epochLengthSeconds;
        firstEpoch = uint64(block.timestamp) / epochLengthSeconds;
        nextEpoch = firstEpoch;
        poolLimit = poolLimitPerEpoch;
        token = new KaisarToken();
        emit OperatorChanged(firstOperator);
    }

    // Workers

    /// Anyone may bring the owner's signature: what it says is all that counts.
    function register(Binding calldata binding, bytes calldata signature) external {
        if (sha256(abi.encodePacked(binding.nodeKey)) != binding.nodeId) revert WrongNodeId();
        if (binding.expiresAt <= block.timestamp || binding.expiresAt <= binding.issuedAt) revert BindingExpired(binding.expiresAt);
        if (binding.issuedAt > block.timestamp + CLOCK_SKEW) revert BindingNotYetValid(binding.issuedAt);
        Worker storage found = workers[workerKey(binding.nodeId, binding.owner)];
        if (binding.issuedAt <= found.issuedAt) revert BindingSuperseded(found.issuedAt);
        bytes32 message = keccak256(
            abi.encode(
                BINDING_TYPE, binding.nodeId, binding.nodeKey, binding.inventoryHash, binding.owner, binding.issuedAt, binding.expiresAt
            )
        );
        if (signerOf(message, signature) != binding.owner) revert WrongSignature();
        found.issuedAt = binding.issuedAt;
        found.expiresAt = binding.expiresAt;
        found.inventoryHash = binding.inventoryHash;
        emit WorkerRegistered(
            binding.nodeId, binding.owner, binding.nodeKey, binding.inventoryHash, binding.issuedAt, binding.expiresAt
        );
        if (!hasPeer(found)) givePeer(found, binding.nodeId, binding.owner);
    }

    /// A peer for a worker whose own has expired or retired; does nothing while it has one.
    function assignPeer(bytes32 nodeId, address owner) external {
        Worker storage found = workers[workerKey(nodeId, owner)];
        if (found.expiresAt <= block.timestamp) revert UnknownWorker();
        if (!hasPeer(found)) givePeer(found, nodeId, owner);
    }

    /// By the owner itself.
    function deregister(bytes32 nodeId) external {
        uint64 last = workers[workerKey(nodeId, msg.sender)].issuedAt;
        release(nodeId, msg.sender, last > block.timestamp ? last : uint64(block.timestamp));
    }

    /// By the owner's signature, whoever brings it.
    function deregisterFor(bytes32 nodeId, address owner, uint64 issuedAt, bytes calldata signature) external {
        if (issuedAt > block.timestamp + CLOCK_SKEW) revert BindingNotYetValid(issuedAt);
        bytes32 message = keccak256(abi.encode(RELEASE_TYPE, nodeId, owner, issuedAt));
        if (signerOf(message, signature) != owner) revert WrongSignature();
        release(nodeId, owner, issuedAt);
    }

    function worker(bytes32 nodeId, address owner)
        external
        view
        returns (
            bytes32 inventoryHash,
            uint64 issuedAt,
            uint64 expiresAt,
            bytes32 peerId,
            bytes32 peerKey,
            uint64 peerExpiresAt,
            string memory endpoint
        )
    {
        Worker storage found = workers[workerKey(nodeId, owner)];
        (inventoryHash, issuedAt, expiresAt) = (found.inventoryHash, found.issuedAt, found.expiresAt);
        if (found.expiresAt == 0 || !hasPeer(found)) return (inventoryHash, issuedAt, expiresAt, 0, 0, 0, "");
        Peer storage given = peers[found.peer];
        return (inventoryHash, issuedAt, expiresAt, found.peerId, given.key, found.peerExpiresAt, given.endpoint);
    }

    // Rewards

    /// Pays the owner that the report names, whoever asks for it. All claims of a call are paid, or none.
    function claim(Claim[] calldata claims) external {
        for (uint256 i = 0; i < claims.length; ++i) {
            Claim calldata one = claims[i];
            if (reports[one.epoch].rewardsRoot == 0) revert UnknownEpoch(one.epoch);
            if (isClaimed[one.epoch][one.nodeId]) revert AlreadyClaimed(one.epoch, one.nodeId);
            bytes32 leaf = claimLeaf(one.epoch, one.nodeId, one.owner, one.microPoints, one.amount);
            if (rootOf(leaf, one.proof) != reports[one.epoch].rewardsRoot) revert WrongProof(one.epoch);
            if (one.amount > unclaimed[one.epoch]) revert PoolExceeded(one.epoch);
            isClaimed[one.epoch][one.nodeId] = true;
            unclaimed[one.epoch] -= one.amount;
            emit Claimed(one.epoch, one.nodeId, one.owner, one.amount);
            token.transfer(one.owner, one.amount);
        }
    }

    /// Hashed twice, so that no inner node of the tree can pass for a leaf.
    function claimLeaf(uint64 epoch, bytes32 nodeId, address owner, uint64 microPoints, uint256 amount)
        public
        pure
        returns (bytes32)
    {
        return keccak256(bytes.concat(keccak256(abi.encode(epoch, nodeId, owner, microPoints, amount))));
    }

    // What the operator may do

    function reportEpoch(uint64 epoch, Report calldata report) external onlyOperator {
        if (epoch < nextEpoch) revert EpochPassed(nextEpoch);
        if (block.timestamp / epochSeconds <= epoch) revert EpochNotOver(epoch);
        if (report.pool > poolLimit) revert PoolTooLarge(poolLimit);
        if (report.rewardsRoot == 0) revert UnknownEpoch(epoch);
        nextEpoch = epoch + 1;
        reports[epoch] = report;
        unclaimed[epoch] = report.pool;
        emit EpochReported(
            epoch, report.rewardsRoot, report.verdictsRoot, report.pointsDigest, report.microPoints, report.pool
        );
        token.mint(address(this), report.pool);
    }

    function addPeer(bytes32 key, string calldata endpoint) external onlyOperator {
        if (bytes(endpoint).length == 0 || bytes(endpoint).length > ENDPOINT_LIMIT) revert WrongEndpoint();
        uint32 index = uint32(peers.length);
        peers.push(Peer({key: key, isRetired: false, endpoint: endpoint}));
        servingPeers.push(index);
        emit PeerAdded(index, key, endpoint);
    }

    function retirePeer(uint32 index) external onlyOperator {
        if (index >= peers.length || peers[index].isRetired) revert UnknownPeer();
        peers[index].isRetired = true;
        uint256 last = servingPeers.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            if (servingPeers[i] == index) {
                servingPeers[i] = servingPeers[last];
                break;
            }
        }
        servingPeers.pop();
        emit PeerRetired(index);
    }

    function addChecker(bytes32 key) external onlyOperator {
        if (checkerBannedUntil[key] != 0) revert CheckerKnown();
        checkerBannedUntil[key] = 1;
        emit CheckerAdded(key);
    }

    function banChecker(bytes32 key, uint64 until) external onlyOperator {
        if (checkerBannedUntil[key] == 0) revert UnknownChecker();
        if (until <= checkerBannedUntil[key]) revert BanNotLonger(checkerBannedUntil[key]);
        checkerBannedUntil[key] = until;
        emit CheckerBanned(key, until);
    }

    /// The office changes hands only when the next one takes it, so that it cannot be lost to a mistyped address.
    function proposeOperator(address next) external onlyOperator {
        nextOperator = next;
        emit OperatorProposed(next);
    }

    function acceptOperator() external {
        if (msg.sender != nextOperator) revert NotProposed();
        operator = msg.sender;
        nextOperator = address(0);
        emit OperatorChanged(msg.sender);
    }

    function servingPeerCount() external view returns (uint256) {
        return servingPeers.length;
    }

    function peerCount() external view returns (uint256) {
        return peers.length;
    }

    // Inside

    function workerKey(bytes32 nodeId, address owner) private pure returns (bytes32) {
        return keccak256(abi.encode(nodeId, owner));
    }

    function release(bytes32 nodeId, address owner, uint64 issuedAt) private {
        Worker storage found = workers[workerKey(nodeId, owner)];
        if (found.expiresAt == 0) revert UnknownWorker();
        if (issuedAt < found.issuedAt) revert BindingSuperseded(found.issuedAt);
        found.issuedAt = issuedAt;
        found.expiresAt = 0;
        found.peerExpiresAt = 0;
        emit WorkerDeregistered(nodeId, owner);
    }

    function hasPeer(Worker storage found) private view returns (bool) {
        return found.peerExpiresAt > block.timestamp && !peers[found.peer].isRetired;
    }

    /// In turn as far as anyone can tell; a block's producer who cares could choose, and would gain nothing.
    function givePeer(Worker storage found, bytes32 nodeId, address owner) private {
        if (servingPeers.length == 0) revert NoPeer();
        bytes32 draw = keccak256(abi.encode(block.chainid, address(this), blockhash(block.number - 1), nodeId, owner));
        found.peer = servingPeers[uint256(draw) % servingPeers.length];
        found.peerId = draw;
        found.peerExpiresAt = uint64(block.timestamp) + PEER_LIFETIME;
        Peer storage given = peers[found.peer];
        emit PeerAssigned(nodeId, owner, draw, given.key, given.endpoint, found.peerExpiresAt);
    }

    /// The chain id is read each time: what was signed for this chain is worth nothing on a fork of it.
    function signerOf(bytes32 message, bytes calldata signature) private view returns (address signer) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPE, keccak256("Kaisar Worker Registry"), keccak256("1"), block.chainid, address(this))
        );
        if (signature.length != 65) revert WrongSignature();
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > SECP256K1_HALF_ORDER || (v != 27 && v != 28)) revert WrongSignature();
        signer = ecrecover(keccak256(abi.encodePacked("\x19\x01", domain, message)), v, bytes32(signature[:32]), s);
        if (signer == address(0)) revert WrongSignature();
    }

    function rootOf(bytes32 leaf, bytes32[] calldata proof) private pure returns (bytes32 root) {
        root = leaf;
        for (uint256 i = 0; i < proof.length; ++i) {
            root = root < proof[i] ? keccak256(abi.encode(root, proof[i])) : keccak256(abi.encode(proof[i], root));
        }
    }
}
