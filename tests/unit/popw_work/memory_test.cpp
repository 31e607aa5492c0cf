#include "crypto/hash.h"
#include "golden/golden_vectors.h"
#include "popw_work/memory.h"

#include <set>

using namespace kaisar;
using namespace kaisar::popw;

namespace {

const Bytes32 ascending = golden::ascending<32>(0);
const auto params = *find_params("default");

std::vector<Primitives> all_primitives() {
    const auto features = detect_cpu_features();
    return {choose_primitives(features), choose_primitives(features, "reference")};
}

Bytes two_device_pages(const Primitives& primitives) {
    Bytes pages(2 * page_bytes(params.device_pages));
    fill_pages(primitives, ascending, params.device_pages, 0, 2, pages.data());
    return pages;
}

std::string hex64(std::uint64_t value) {
    ByteArray<8> bytes;
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
    return encode_hex(bytes);
}

} // namespace

TEST_CASE("pages are the reference's, after one pass, two and all") {
    for (const auto& primitives : all_primitives()) {
        const auto device = two_device_pages(primitives);
        const auto first = ByteView(device).first(2048);
        CHECK(encode_hex(sha256(first)) == golden::text("device-page 0 sha256"));
        CHECK(encode_hex(sha256(ByteView(device).last(2048))) == golden::text("device-page 1 sha256"));
        CHECK(encode_hex(first.first(64)) == golden::text("device-page 0 first"));
        CHECK(encode_hex(first.last(64)) == golden::text("device-page 0 last"));
        Bytes host(page_bytes(params.host_pages));
        fill_pages(primitives, ascending, params.host_pages, 0, 1, host.data());
        CHECK(encode_hex(sha256(host)) == golden::text("host-page 0 sha256"));
        CHECK(encode_hex(ByteView(host).first(64)) == golden::text("host-page 0 first"));
        CHECK(encode_hex(ByteView(host).last(64)) == golden::text("host-page 0 last"));
        CHECK(encode_hex(ByteView(device).subspan(2048, 64)) == golden::text("device-page 1 first"));
        CHECK(encode_hex(ByteView(device).last(64)) == golden::text("device-page 1 last"));
        for (auto [name, shape] : {std::pair("device", params.device_pages), std::pair("host", params.host_pages)})
            for (std::uint32_t passes : {1u, 2u}) {
                shape.passes = passes;
                Bytes page(page_bytes(shape));
                fill_pages(primitives, ascending, shape, 0, 1, page.data());
                CHECK(encode_hex(sha256(page)) ==
                      golden::text(std::string(name) + "-page passes " + std::to_string(passes)));
            }
    }
}

TEST_CASE("a page does not depend on the pages that are filled with it") {
    const auto primitives = all_primitives().front();
    const auto& shape = params.device_pages;
    Bytes together(70 * page_bytes(shape)), alone(page_bytes(shape));
    fill_pages(primitives, ascending, shape, 5, 70, together.data());
    for (std::size_t page : {0u, 1u, 3u, 63u, 64u, 69u}) {
        fill_pages(primitives, ascending, shape, 5 + page, 1, alone.data());
        CHECK(std::equal(alone.begin(), alone.end(),
                         together.begin() + static_cast<std::ptrdiff_t>(page * alone.size())));
    }
}

TEST_CASE("walks end, hash and chain as the reference's") {
    for (const auto& primitives : all_primitives()) {
        const auto memory = two_device_pages(primitives);
        const auto seed = golden::ascending<32>(0x40);
        const TreeHasher hasher(primitives);
        std::vector<std::uint64_t> ends(128);
        walk(primitives, batch_key(seed, 0, {}), memory.data(), 64, 0, 128, ends.data());
        CHECK(hex64(ends[0]) == golden::text("walk end 0"));
        CHECK(hex64(ends[127]) == golden::text("walk end 127"));
        Bytes32 root;
        hash_walk(primitives, ends, &root);
        CHECK(encode_hex(root) == golden::text("walk leaf 0"));
        const auto key = batch_key(seed, 1, root);
        ends.resize(256);
        walk(primitives, key, memory.data(), 64, 0, 256, ends.data());
        std::vector<Bytes32> leaves(2);
        hash_walk(primitives, ends, leaves.data());
        CHECK(encode_hex(hasher.fold(leaves)) == golden::text("walk root 1"));
        const std::vector<WalkerOfBatch> walkers{{key, 0}, {key, 7}, {key, 8}, {key, 131}, {key, 255}};
        for (std::size_t count = 0; count <= walkers.size(); ++count) {
            std::vector<std::uint64_t> found(count);
            recompute_walkers(primitives, ascending, params.device_pages, 2, std::span(walkers).first(count),
                              found.data());
            for (std::size_t i = 0; i < count; ++i) CHECK(found[i] == ends[walkers[i].walker]);
        }
    }
}

TEST_CASE("the roots of a walk's batches and the commitments to the first of them are the reference's") {
    const auto primitives = all_primitives().front();
    const auto memory = two_device_pages(primitives);
    const auto seed = golden::ascending<32>(0x40);
    std::vector<Bytes32> roots;
    for (std::uint32_t batch = 0; batch < 3; ++batch) {
        std::vector<std::uint64_t> ends(128);
        walk(primitives, batch_key(seed, batch, roots.empty() ? Bytes32{} : roots.back()), memory.data(), 64, 0, 128,
             ends.data());
        hash_walk(primitives, ends, &roots.emplace_back());
        CHECK(encode_hex(roots.back()) == golden::text("prefix root " + std::to_string(batch)));
        CHECK(encode_hex(walk_commit(seed, DeviceKind::device_memory, 7, roots)) ==
              golden::text("prefix commit " + std::to_string(batch + 1)));
    }
}

TEST_CASE("a walk may be cut into parts") {
    const auto primitives = all_primitives().front();
    const auto memory = two_device_pages(primitives);
    std::vector<std::uint64_t> whole(512), parts(512);
    walk(primitives, ascending, memory.data(), 64, 0, 512, whole.data());
    for (std::size_t first = 0; first < 512; first += 104)
        walk(primitives, ascending, memory.data(), 64, first, std::min<std::size_t>(104, 512 - first),
             parts.data() + first);
    CHECK(whole == parts);
}

TEST_CASE("seeds, commitments and queries of a walk are the reference's") {
    const auto uid = golden::repeated(0x55);
    const Bytes32 roots[] = {uid, ascending};
    CHECK(encode_hex(memory_seed(ascending, uid, DeviceKind::host_memory, 12345)) == golden::text("memory-seed"));
    CHECK(encode_hex(walk_seed(ascending, uid)) == golden::text("walk-seed"));
    CHECK(encode_hex(walk_commit(ascending, DeviceKind::device_memory, 20, roots)) == golden::text("walk-commit"));
    const auto joined = [](std::uint32_t held, std::uint32_t batches) {
        std::string out;
        for (const auto& query : draw_walk_queries(all_primitives().front(), ascending, params, 20, held, batches)) {
            if (!out.empty()) out += ',';
            out += std::to_string(query.batch);
            out += ':';
            out += std::to_string(query.walker);
        }
        return out;
    };
    CHECK(joined(2, 10) == golden::text("walk-queries 2/10"));
    CHECK(joined(3, 3) == golden::text("walk-queries 3/3"));
}

TEST_CASE("walk queries ask for the hold batches first and then for the rest") {
    const auto primitives = all_primitives().front();
    std::set<std::uint32_t> batches;
    for (std::uint8_t i = 0; i < 50; ++i) {
        const auto queries = draw_walk_queries(primitives, golden::repeated(i), params, 20, 2, 10);
        REQUIRE(queries.size() == 8);
        for (std::size_t q = 0; q < 8; ++q) {
            CHECK((queries[q].batch < 2) == (q < 5));
            CHECK(queries[q].batch < 10);
            CHECK(queries[q].walker < (1u << 20));
            batches.insert(queries[q].batch);
        }
        for (const auto& query : draw_walk_queries(primitives, golden::repeated(i), params, 20, 3, 3))
            CHECK(query.batch < 3);
    }
    CHECK(batches.size() == 10);
}
