#include "evm/typed_data_json.h"

#include "bytes/hex.h"
#include "crypto/keccak.h"
#include "error/error.h"
#include "evm/typed_data.h"
#include "evm/word.h"
#include "json/document.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <set>

namespace kaisar {
namespace {

constexpr std::size_t type_limit = 128;
constexpr std::string_view domain_type = "EIP712Domain";

struct Member {
    std::string name;
    std::string type;
};

/// An integer or bytesN type taken apart: "uint64" is "uint" and 64.
struct SizedType {
    std::string_view kind;
    unsigned size = 0;
};

std::optional<SizedType> find_sized_type(std::string_view type) {
    for (std::string_view kind : {"uint", "int", "bytes"}) {
        if (!type.starts_with(kind)) continue;
        const auto digits = type.substr(kind.size());
        unsigned size = 0;
        const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
        if (fault != std::errc{} || end != digits.data() + digits.size() || digits.front() == '0') return std::nullopt;
        const bool is_valid = kind == "bytes" ? size >= 1 && size <= 32 : size >= 8 && size <= 256 && size % 8 == 0;
        return is_valid ? std::optional(SizedType{kind, size}) : std::nullopt;
    }
    return std::nullopt;
}

bool is_elementary(std::string_view type) {
    return type == "string" || type == "bytes" || type == "bool" || type == "address" ||
           find_sized_type(type).has_value();
}

std::string_view without_arrays(std::string_view type) { return type.substr(0, type.find('[')); }

bool is_identifier(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
    };
    return !name.empty() && is_letter(name[0]) &&
           std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

/// "[]" and "[3]", any number of them, and nothing else.
bool is_array_suffix(std::string_view suffix) {
    while (!suffix.empty()) {
        const auto close = suffix.find(']');
        if (suffix[0] != '[' || close == std::string_view::npos || close > 7) return false;
        const auto digits = suffix.substr(1, close - 1);
        if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return false;
        suffix.remove_prefix(close + 1);
    }
    return true;
}

class TypedData {
public:
    explicit TypedData(const JsonReader& document) : document_(document) {
        const auto types = document.object("types");
        if (types.json().size() > type_limit) document.refuse("types", fmt::format("at most {} types", type_limit));
        for (const auto& [name, unused] : types.json().items()) declare(types, name);
        if (!types_.contains(domain_type)) declare_domain(document.object("domain"));
        for (const auto& [name, members] : types_)
            for (const auto& member : members) require_type(name, member);
    }

    Bytes32 digest() {
        const auto primary = document_.string("primaryType");
        if (primary == domain_type || !types_.contains(primary))
            document_.refuse("primaryType", "the name of one of the types");
        const auto separator = hash_struct(domain_type, document_.object("domain").json(), "domain");
        return typed_data_digest(separator, hash_struct(primary, document_.object("message").json(), "message"));
    }

private:
    void declare(const JsonReader& types, const std::string& name) {
        if (!is_identifier(name) || is_elementary(name)) types.refuse(name, "a type name, such as Person");
        auto& members = types_[name];
        for (const auto& member : types.objects(name)) {
            members.push_back({member.string("name"), member.string("type")});
            if (!is_identifier(members.back().name)) member.refuse("name", "the name of a member, such as owner");
            const auto is_same = [&](const Member& other) { return other.name == members.back().name; };
            if (std::ranges::count_if(members, is_same) > 1)
                member.refuse("name", "a name that occurs once in its type");
        }
    }

    /// What ethers does where the types leave the domain out: its fields in the order of the standard.
    void declare_domain(const JsonReader& domain) {
        static const Member fields[] = {{"name", "string"},
                                        {"version", "string"},
                                        {"chainId", "uint256"},
                                        {"verifyingContract", "address"},
                                        {"salt", "bytes32"}};
        auto& members = types_[std::string(domain_type)];
        for (const auto& field : fields)
            if (domain.has(field.name)) members.push_back(field);
    }

    void require_type(const std::string& owner, const Member& member) const {
        const auto single = without_arrays(member.type);
        const auto suffix = std::string_view(member.type).substr(single.size());
        if ((!is_elementary(single) && !types_.contains(single)) || !is_array_suffix(suffix))
            refuse(fmt::format("types.{}.{}", owner, member.name), "a type of EIP-712 or a declared one", member.type);
    }

    /// The type and, in alphabetical order after it, every struct type that it refers to.
    std::string encode_type(std::string_view name) const {
        std::set<std::string_view> needed{name};
        std::vector<std::string_view> queue{name};
        while (!queue.empty()) {
            const auto& members = types_.find(queue.back())->second;
            queue.pop_back();
            for (const auto& member : members) {
                const auto single = without_arrays(member.type);
                if (types_.contains(single) && needed.insert(single).second) queue.push_back(single);
            }
        }
        needed.erase(name);
        auto text = encode_members(name);
        for (auto other : needed) text += encode_members(other);
        return text;
    }

    std::string encode_members(std::string_view name) const {
        std::string text;
        for (const auto& member : types_.find(name)->second)
            text += fmt::format("{}{} {}", text.empty() ? "" : ",", member.type, member.name);
        return fmt::format("{}({})", name, text);
    }

    const Bytes32& type_hash(std::string_view name) {
        auto found = type_hashes_.find(name);
        if (found == type_hashes_.end())
            found = type_hashes_.emplace(name, keccak256(bytes_of(encode_type(name)))).first;
        return found->second;
    }

    Bytes32 hash_struct(std::string_view type, const Json& value, const std::string& where) {
        if (!value.is_object()) refuse(where, fmt::format("an object of type {}", type), value);
        const auto& members = types_.find(type)->second;
        Bytes words;
        append(words, type_hash(type));
        for (const auto& member : members) {
            const auto found = value.find(member.name);
            if (found == value.end())
                refuse(where, fmt::format("a member \"{}\" ({})", member.name, member.type), value);
            append(words, encode_value(member.type, *found, fmt::format("{}.{}", where, member.name)));
        }
        for (const auto& [name, unused] : value.items()) {
            const auto is_named = [&name = name](const Member& member) { return member.name == name; };
            if (std::ranges::none_of(members, is_named))
                refuse(fmt::format("{}.{}", where, name),
                       fmt::format("no such member, as type {} has none and the signature would not cover it", type),
                       unused);
        }
        return keccak256(words);
    }

    Bytes32 encode_value(std::string_view type, const Json& value, const std::string& where) {
        if (type.ends_with(']')) return hash_array(type, value, where);
        if (types_.contains(type)) return hash_struct(type, value, where);
        if (type == "bool") {
            if (!value.is_boolean()) refuse(where, "true or false", value);
            return word_of(std::uint64_t{value.get<bool>()});
        }
        if (type == "string" && value.is_string()) return keccak256(bytes_of(value.get_ref<const std::string&>()));
        if (type == "bytes" || type.starts_with("bytes")) return encode_bytes(type, value, where);
        if (type == "address") {
            const auto address = value.is_string() ? parse_address(value.get_ref<const std::string&>()) : std::nullopt;
            if (!address) refuse(where, "an EVM address with a valid EIP-55 checksum", value);
            return word_of(*address);
        }
        if (type == "string") refuse(where, "a string", value);
        return encode_integer(type, value, where);
    }

    Bytes32 hash_array(std::string_view type, const Json& value, const std::string& where) {
        const auto open = type.rfind('[');
        const auto count = type.substr(open + 1, type.size() - open - 2);
        if (!value.is_array() || (!count.empty() && std::to_string(value.size()) != count))
            refuse(where, fmt::format("an array of type {}", type), value);
        Bytes words;
        for (std::size_t i = 0; i < value.size(); ++i)
            append(words, encode_value(type.substr(0, open), value[i], fmt::format("{}[{}]", where, i)));
        return keccak256(words);
    }

    Bytes32 encode_bytes(std::string_view type, const Json& value, const std::string& where) {
        const auto sized = find_sized_type(type);
        const auto text = value.is_string() ? value.get<std::string>() : std::string();
        const auto bytes = text.starts_with("0x") ? decode_hex(text) : std::nullopt;
        if (!bytes || (sized && bytes->size() != sized->size))
            refuse(where, fmt::format("{} in hexadecimal after 0x", type), value);
        if (!sized) return keccak256(*bytes);
        Bytes32 word{};
        std::ranges::copy(*bytes, word.begin());
        return word;
    }

    Bytes32 encode_integer(std::string_view type, const Json& value, const std::string& where) {
        const auto sized = find_sized_type(type);
        check(sized.has_value(), "every member has a known type");
        const auto signedness = sized->kind == "int" ? Signedness::is_signed : Signedness::is_unsigned;
        // Numbers above 2^64 have lost digits by the time that JSON has been read, so those come as text.
        const auto text = value.is_string() ? value.get<std::string>() : value.is_number_integer() ? value.dump() : "";
        const auto word = parse_word(text, sized->size, signedness);
        if (!word) refuse(where, fmt::format("an integer that fits {} (as text where it exceeds 2^64)", type), value);
        return *word;
    }

    [[noreturn]] static void refuse(const std::string& where, std::string_view expected, const Json& got) {
        auto shown = to_line(got);
        if (shown.size() > 80) shown = shown.substr(0, 77) + "...";
        throw Error(ErrorKind::environment, fmt::format("typed data: {}: expected {}, got {}", where, expected, shown),
                    "the document is what eth_signTypedData_v4 takes (EIP-712)");
    }

    const JsonReader& document_;
    std::map<std::string, std::vector<Member>, std::less<>> types_;
    std::map<std::string, Bytes32, std::less<>> type_hashes_;
};

} // namespace

Bytes32 typed_data_json_digest(std::string_view json, std::string name) {
    if (json.size() > typed_data_limit_bytes)
        throw Error(ErrorKind::environment, fmt::format("{} is larger than {} bytes", name, typed_data_limit_bytes),
                    "typed data is a JSON document of a few kilobytes; name another file");
    const auto document =
        JsonReader::parse(json, std::move(name), "the document is what eth_signTypedData_v4 takes (EIP-712)");
    return TypedData(document).digest();
}

} // namespace kaisar
