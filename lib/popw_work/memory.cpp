#include "popw_work/memory.h"

#include "bytes/little_endian.h"
#include "error/error.h"
#include "popw_rules/tagged_hash.h"
#include "popw_work/draws.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

constexpr std::uint64_t start_nonce = 4;
constexpr std::uint64_t page_nonce = 5;
constexpr std::size_t words_per_block = 8;
constexpr std::size_t starts_at_once = 64; // pages whose first blocks are made together

} // namespace

const PageShape& page_shape(const Params& params, DeviceKind kind) {
    check(kind == DeviceKind::host_memory || kind == DeviceKind::device_memory, "pages are of host or device memory");
    return kind == DeviceKind::device_memory ? params.device_pages : params.host_pages;
}

Bytes32 memory_seed(const Bytes32& device_seed, const Bytes32& compute_mark_hash, DeviceKind kind,
                    std::uint64_t pages) {
    ByteWriter message;
    message.put(device_seed).put(compute_mark_hash).put(static_cast<std::uint8_t>(kind)).put(pages);
    return tagged_hash("mem-seed", {message.bytes()});
}

void fill_pages(const Primitives& primitives, const Bytes32& memory_seed, const PageShape& shape, std::uint64_t first,
                std::size_t count, std::uint8_t* out) {
    std::array<std::uint8_t, block_bytes * starts_at_once> starts;
    for (std::size_t done = 0; done < count; done += starts_at_once) {
        const auto here = std::min(starts_at_once, count - done);
        primitives.chacha8(memory_seed.data(), page_nonce, first + done, starts.data(), here);
        primitives.page_fill({starts.data(), shape.blocks, shape.passes, out + done * page_bytes(shape), here});
    }
}

Bytes32 walk_seed(const Bytes32& memory_seed, const Bytes32& walk_value) {
    return tagged_hash("walk-seed", {memory_seed, walk_value});
}

Bytes32 batch_key(const Bytes32& walk_seed, std::uint32_t batch, const Bytes32& previous_root) {
    ByteWriter message;
    message.put(walk_seed).put(batch).put(previous_root);
    return tagged_hash("walk-batch", {message.bytes()});
}

Bytes32 walk_commit(const Bytes32& walk_seed, DeviceKind kind, std::uint8_t walkers_log2,
                    std::span<const Bytes32> roots) {
    ByteWriter message;
    message.put(walk_seed).put(static_cast<std::uint8_t>(kind)).put(walkers_log2);
    message.put(static_cast<std::uint32_t>(roots.size()));
    for (const auto& root : roots) message.put(root);
    return tagged_hash("walk-commit", {message.bytes()});
}

void walk(const Primitives& primitives, const Bytes32& batch_key, const std::uint8_t* memory, std::uint64_t blocks,
          std::uint64_t first, std::size_t count, std::uint64_t* ends) {
    const std::size_t whole = count / words_per_block;
    primitives.chacha8(batch_key.data(), start_nonce, first / words_per_block, reinterpret_cast<std::uint8_t*>(ends),
                       whole);
    if (const std::size_t rest = count % words_per_block; rest > 0) {
        std::array<std::uint8_t, block_bytes> starts;
        primitives.chacha8(batch_key.data(), start_nonce, first / words_per_block + whole, starts.data(), 1);
        std::copy_n(starts.data(), 8 * rest, reinterpret_cast<std::uint8_t*>(ends + words_per_block * whole));
    }
    primitives.walk({memory, blocks, ends, count, steps_per_walker});
}

void hash_walk(const Primitives& primitives, std::span<const std::uint64_t> ends, Bytes32* leaves) {
    const FixedHasher hasher(primitives, "walk-leaf", 8 * walkers_per_leaf);
    std::array<const std::uint8_t*, 64> messages;
    const std::size_t count = ends.size() / walkers_per_leaf;
    for (std::size_t done = 0; done < count; done += messages.size()) {
        const auto here = std::min(messages.size(), count - done);
        for (std::size_t i = 0; i < here; ++i)
            messages[i] = reinterpret_cast<const std::uint8_t*>(ends.data() + walkers_per_leaf * (done + i));
        hasher.hash_many({messages.data(), here}, 64, leaves + done);
    }
}

void recompute_walkers(const Primitives& primitives, const Bytes32& memory_seed, const PageShape& shape,
                       std::uint64_t pages, std::span<const WalkerOfBatch> walkers, std::uint64_t* ends) {
    Bytes starts(block_bytes * walkers.size());
    for (std::size_t i = 0; i < walkers.size(); ++i) {
        const auto [key, walker] = walkers[i];
        primitives.chacha8(key.data(), start_nonce, walker / words_per_block, starts.data(), 1);
        ends[i] = load_le<std::uint64_t>(starts.data() + 8 * (walker % words_per_block));
    }
    Bytes read(page_bytes(shape) * walkers.size());
    std::vector<std::uint64_t> at(walkers.size());
    for (std::size_t step = 0; step < steps_per_walker; ++step) {
        for (std::size_t i = 0; i < walkers.size(); ++i) {
            at[i] = scale(ends[i], pages * shape.blocks);
            primitives.chacha8(memory_seed.data(), page_nonce, at[i] / shape.blocks, starts.data() + block_bytes * i,
                               1);
        }
        primitives.page_fill({starts.data(), shape.blocks, shape.passes, read.data(), walkers.size()});
        for (std::size_t i = 0; i < walkers.size(); ++i)
            primitives.walk({.memory = read.data() + page_bytes(shape) * i + block_bytes * (at[i] % shape.blocks),
                             .blocks = 1, // the one that the walker is at
                             .states = &ends[i],
                             .count = 1,
                             .steps = 1});
    }
}

std::vector<WalkQuery> draw_walk_queries(const Primitives& primitives, const Bytes32& query_seed, const Params& params,
                                         std::uint8_t walkers_log2, std::uint32_t hold_batches, std::uint32_t batches) {
    const std::size_t tiles = params.tile_openings;
    const std::size_t count = tiles + params.hold_openings + params.walk_openings;
    const auto words = draw_words(primitives, query_seed, count);
    const std::uint64_t held = std::uint64_t{hold_batches} << walkers_log2;
    const std::uint64_t rest = std::uint64_t{batches - hold_batches} << walkers_log2;
    std::vector<WalkQuery> queries;
    for (std::size_t x = tiles; x < count; ++x) {
        const bool is_hold = x < tiles + params.hold_openings || rest == 0;
        const auto walker = is_hold ? scale(words[x], held) : held + scale(words[x], rest);
        queries.push_back(
            {static_cast<std::uint32_t>(walker >> walkers_log2), walker & ((std::uint64_t{1} << walkers_log2) - 1)});
    }
    return queries;
}

} // namespace kaisar::popw
