#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "golden/golden_vectors.h"
#include "popw_work/seeds.h"
#include "popw_work/tiles.h"

using namespace kaisar;
using namespace kaisar::popw;

namespace {

const Bytes32 ascending = golden::ascending<32>(0);
const Bytes32 uid = golden::repeated(0x55);

const Primitives& fastest() {
    static const auto chosen = choose_primitives(detect_cpu_features());
    return chosen;
}

// The best choice with every single variant in its place, as far as this processor can execute it, and the plain one.
std::vector<Primitives> all_primitives() {
    const auto features = detect_cpu_features();
    std::vector<Primitives> all;
    const auto best = choose_primitives(features);
    const auto add = [&](auto change) {
        auto other = best;
        change(other);
        all.push_back(other);
    };
    const auto usable = [&](const auto& variant) { return features.includes(variant.required); };
    for (const auto& v : kernels::gemm_s8_variants())
        if (usable(v)) add([&](Primitives& p) { p.gemm = v.function, p.gemm_variant = v.name; });
    for (const auto& v : kernels::sha256_variants())
        if (usable(v)) add([&](Primitives& p) { p.sha256 = v.function, p.sha256_variant = v.name; });
    for (const auto& v : kernels::sha256_many_variants())
        if (usable(v)) add([&](Primitives& p) { p.sha256_many = v.function, p.sha256_many_variant = v.name; });
    for (const auto& v : kernels::chacha8_variants())
        if (usable(v)) add([&](Primitives& p) { p.chacha8 = v.function, p.chacha8_variant = v.name; });
    for (const auto& v : kernels::page_fill_variants())
        if (usable(v)) add([&](Primitives& p) { p.page_fill = v.function, p.page_fill_variant = v.name; });
    all.push_back(choose_primitives(features, "reference"));
    return all;
}

std::string hex_row(const Primitives& primitives, const Profile& profile, Operand operand, std::size_t row) {
    std::vector<std::int8_t> out(profile.k);
    generate_rows(primitives, round_seed(ascending, 0, {}), operand, profile, row, 1, out.data());
    return encode_hex({reinterpret_cast<const std::uint8_t*>(out.data()), 64});
}

} // namespace

TEST_CASE("operand rows of every profile are the reference's under every variant") {
    for (const auto& primitives : all_primitives())
        for (const auto& profile : all_profiles())
            for (std::size_t row : {std::size_t{0}, std::size_t{profile.m - 1}}) {
                const auto place = std::string(profile.name);
                CHECK(hex_row(primitives, profile, Operand::a, row) ==
                      golden::text("row " + place + " a " + std::to_string(row)));
                CHECK(hex_row(primitives, profile, Operand::b_transposed, row) ==
                      golden::text("row " + place + " b " + std::to_string(row)));
            }
}

TEST_CASE("the generator's blocks are the reference's, beyond 32 bits of counter and nonce too") {
    const auto block = [](const Primitives& primitives, const Bytes32& key, std::uint64_t counter,
                          std::uint64_t nonce) {
        ByteArray<64> out;
        primitives.chacha8(key.data(), nonce, counter, out.data(), 1);
        return encode_hex(out);
    };
    for (const auto& primitives : all_primitives()) {
        INFO(primitives.chacha8_variant);
        CHECK(block(primitives, {}, 0, 0) == golden::text("chacha8 zero"));
        CHECK(block(primitives, ascending, (std::uint64_t{1} << 32) + 5, 3) == golden::text("chacha8 counter-high"));
        CHECK(block(primitives, ascending, 1, (std::uint64_t{1} << 40) + 2) == golden::text("chacha8 nonce-high"));
    }
}

TEST_CASE("every leaf of a profile lies where the reference has it") {
    std::string order;
    for (std::uint64_t leaf = 0; leaf < 64; ++leaf) {
        const auto corner = corner_of_leaf(*find_profile("T0"), leaf);
        if (leaf > 0) order += ' ';
        order += std::to_string(corner.row) + "," + std::to_string(corner.column);
    }
    CHECK(order == golden::text("order T0"));
    for (const auto* name : {"C1", "C2", "G1"}) {
        const auto& profile = *find_profile(std::string_view(name));
        ByteWriter corners;
        for (std::uint64_t leaf = 0; leaf < profile.tiles(); ++leaf) {
            const auto corner = corner_of_leaf(profile, leaf);
            corners.put(static_cast<std::uint32_t>(corner.row)).put(static_cast<std::uint32_t>(corner.column));
        }
        CHECK(encode_hex(sha256(corners.bytes())) == golden::text("order " + std::string(name) + " sha256"));
    }
}

TEST_CASE("the first products of a round are the reference's") {
    const auto& profile = *find_profile("T0");
    const auto seed = round_seed(ascending, 0, {});
    std::vector<std::int8_t> a(profile.k), b(4 * profile.k);
    generate_rows(fastest(), seed, Operand::a, profile, 0, 1, a.data());
    generate_rows(fastest(), seed, Operand::b_transposed, profile, 0, 4, b.data());
    std::string products;
    for (std::size_t column = 0; column < 4; ++column) {
        int sum = 0;
        for (std::size_t i = 0; i < profile.k; ++i) sum += a[i] * b[column * profile.k + i];
        products += (column == 0 ? "" : ",") + std::to_string(sum);
    }
    CHECK(products == golden::text("t0 first-elements"));
    for (const auto& primitives : all_primitives())
        CHECK(encode_hex(recompute_leaf(primitives, TreeHasher(primitives), profile, seed, 0)) ==
              golden::text("t0 leaf 0"));
}

TEST_CASE("leaves lie where the reference has them and one tile a profile hashes as there") {
    for (const auto& profile : all_profiles()) {
        const auto last = profile.tiles() - 1;
        for (auto leaf : {std::uint64_t{0}, last / 3, last}) {
            const auto corner = corner_of_leaf(profile, leaf);
            CHECK(std::to_string(corner.row) + "," + std::to_string(corner.column) ==
                  golden::text("corner " + std::string(profile.name) + " " + std::to_string(leaf)));
        }
        for (const auto& primitives : all_primitives()) {
            INFO(profile.name << " " << primitives.gemm_variant);
            CHECK(encode_hex(recompute_leaf(primitives, TreeHasher(primitives), profile, round_seed(ascending, 0, {}),
                                            last / 3)) ==
                  golden::text("leaf " + std::string(profile.name) + " " + std::to_string(last / 3)));
        }
    }
}

TEST_CASE("superblocks cover every tile of C exactly once") {
    for (const auto& profile : {all_profiles()[0], all_profiles()[1], all_profiles()[2]}) {
        std::vector<bool> covered(profile.tiles());
        for (std::uint64_t leaf = 0; leaf < profile.tiles(); ++leaf) {
            const auto corner = corner_of_leaf(profile, leaf);
            REQUIRE(corner.row % 16 == 0);
            REQUIRE(corner.column % 16 == 0);
            const auto tile = corner.row / 16 * (profile.m / 16) + corner.column / 16;
            REQUIRE_FALSE(covered.at(tile));
            covered[tile] = true;
        }
    }
}

TEST_CASE("two rounds of profile T0 have the reference's roots under every variant") {
    for (const auto& primitives : all_primitives()) {
        INFO(primitives.gemm_variant << " " << primitives.sha256_variant << " " << primitives.chacha8_variant);
        require_working(primitives);
        const auto& profile = all_profiles().front();
        const auto root0 = recompute_root(primitives, profile, round_seed(ascending, 0, {}));
        const auto root1 = recompute_root(primitives, profile, round_seed(ascending, 1, root0));
        CHECK(encode_hex(root0) == golden::text("t0 root 0"));
        CHECK(encode_hex(root1) == golden::text("t0 root 1"));
        const Bytes32 roots[] = {root0, root1};
        CHECK(encode_hex(compute_commit(ascending, profile.id, roots)) == golden::text("t0 compute-commit"));
    }
}

TEST_CASE("a kernel with one wrong bit is not used") {
    auto broken = fastest();
    broken.gemm.multiply = [](const kernels::GemmS8Arguments& arguments) noexcept {
        fastest().gemm.multiply(arguments);
        arguments.c[arguments.ldc * (arguments.m - 1) + arguments.n - 1] ^= 1;
    };
    CHECK_THROWS_AS(require_working(broken), Error);
    CHECK_THROWS_AS(choose_primitives(detect_cpu_features(), "no such variant"), Error);
    CHECK(choose_primitives(CpuFeatures{}).gemm_variant == "reference");
}

TEST_CASE("seeds and queries are the reference's") {
    const auto params = *find_params("test");
    const auto start = slot_seed(params_hash(params), {20000, 17}, array_of<32>(golden::bytes("node-id")), ascending);
    CHECK(encode_hex(start) == golden::text("slot-seed"));
    CHECK(encode_hex(device_seed(start, 3, DeviceKind::cuda, uid, 4)) == golden::text("device-seed"));
    CHECK(encode_hex(round_seed(ascending, 0, {})) == golden::text("round-seed 0"));
    CHECK(encode_hex(round_seed(ascending, 77, uid)) == golden::text("round-seed 77"));
    CHECK(encode_hex(query_seed(ascending, uid, 3)) == golden::text("query-seed"));
    const auto joined = [](const std::vector<TileQuery>& queries) {
        std::string out;
        for (const auto& query : queries) {
            if (!out.empty()) out += ',';
            out += std::to_string(query.round);
            out += ':';
            out += std::to_string(query.leaf);
        }
        return out;
    };
    for (const auto& primitives : all_primitives()) {
        CHECK(joined(draw_tile_queries(primitives, ascending, 2, *find_profile("T0"), 8)) ==
              golden::text("queries T0"));
        CHECK(joined(draw_tile_queries(primitives, ascending, 1300, *find_profile("G2"), 64)) ==
              golden::text("queries G2"));
    }
}

TEST_CASE("tree hashes on the kernels equal the reference's and those made one by one") {
    for (const auto& primitives : all_primitives()) {
        const TreeHasher hasher(primitives);
        CHECK(encode_hex(hasher.node({}, {})) == golden::text("node zeros"));
        for (std::size_t count : {1u, 2u, 64u, 256u}) {
            std::vector<Bytes32> nodes(count);
            for (std::size_t i = 0; i < count; ++i) nodes[i] = golden::repeated(static_cast<std::uint8_t>(i));
            auto plain = nodes;
            for (; plain.size() > 1; plain.resize(plain.size() / 2))
                for (std::size_t i = 0; i < plain.size() / 2; ++i)
                    plain[i] = hasher.node(plain[2 * i], plain[2 * i + 1]);
            CHECK(hasher.fold(nodes) == plain.front());
        }
    }
}
