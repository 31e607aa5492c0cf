#include "bytes/hex.h"
#include "error/error.h"
#include "settings/network_profile.h"
#include "json/document.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::string_view schema = "kaisar.network-profile/1";
constexpr std::size_t profile_limit_bytes = 64 * 1024;
constexpr std::size_t params_limit_bytes = 4096;
constexpr const char* hint =
    "use the profile that the network's operator published, or that kaisar-network serve --profile wrote";

} // namespace

std::string encode_network_profile(const NetworkProfile& profile) {
    Json checkers = Json::array();
    for (const auto& checker : profile.checkers)
        checkers.push_back({{"url", checker.url}, {"public_key", encode_hex(checker.public_key)}});
    return to_pretty_text({{"schema", schema},
                           {"name", profile.name},
                           {"network_id", profile.network_id},
                           {"portal_url", profile.portal_url},
                           {"portal_key", encode_hex(profile.portal_key)},
                           {"checkers", checkers},
                           {"committee_size", profile.committee_size},
                           {"chain", profile.chain},
                           {"chain_id", profile.chain_id},
                           {"registry", encode_hex_prefixed(profile.registry)},
                           {"params_name", profile.params_name},
                           {"params", encode_hex(profile.params)}});
}

NetworkProfile decode_network_profile(std::string_view text, const std::string& name) {
    const auto reader = JsonReader::parse(text, name, hint);
    if (reader.string("schema") != schema) reader.refuse("schema", schema);
    NetworkProfile profile;
    profile.name = reader.string("name");
    profile.network_id = static_cast<std::uint32_t>(reader.unsigned_integer("network_id"));
    profile.portal_url = reader.string("portal_url");
    profile.portal_key = reader.bytes32("portal_key");
    for (const auto& checker : reader.objects("checkers"))
        profile.checkers.push_back({checker.string("url"), checker.bytes32("public_key")});
    if (profile.checkers.empty() || profile.checkers.size() > 64) reader.refuse("checkers", "1 to 64 checkers");
    // Profiles from before there were committees name one checker.
    profile.committee_size = reader.has("committee_size") ? reader.unsigned_integer("committee_size") : 1;
    if (profile.committee_size < 1 || profile.committee_size > profile.checkers.size())
        reader.refuse("committee_size", fmt::format("1 to {}, the number of checkers", profile.checkers.size()));
    profile.chain = reader.string("chain");
    profile.chain_id = reader.unsigned_integer("chain_id");
    const auto registry = reader.bytes("registry", 20);
    if (registry.size() != 20) reader.refuse("registry", "20 bytes in hexadecimal");
    profile.registry = array_of<20>(registry);
    profile.params_name = reader.string("params_name");
    profile.params = reader.bytes("params", params_limit_bytes);
    return profile;
}

NetworkProfile load_network_profile(const Path& path) {
    const auto content = load_file(path, profile_limit_bytes);
    return decode_network_profile(text_of(content), path.string());
}

void save_network_profile(const Path& path, const NetworkProfile& profile) {
    save_file(path, encode_network_profile(profile), Access::everyone);
}

} // namespace kaisar
