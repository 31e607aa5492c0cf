#include "bytes/hex.h"

namespace kaisar {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

} // namespace

std::string encode_hex(ByteView bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (auto byte : bytes) {
        text.push_back(hex_digits[byte >> 4]);
        text.push_back(hex_digits[byte & 15]);
    }
    return text;
}

std::string encode_hex_prefixed(ByteView bytes) { return "0x" + encode_hex(bytes); }

std::optional<Bytes> decode_hex(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.size() % 2 != 0) return std::nullopt;
    Bytes bytes(text.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const int high = hex_value(text[2 * i]);
        const int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return bytes;
}

std::string encode_base64(ByteView bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t word = std::uint32_t{bytes[i]} << 16;
        if (have > 1) word |= std::uint32_t{bytes[i + 1]} << 8;
        if (have > 2) word |= bytes[i + 2];
        for (std::size_t digit = 0; digit < 4; ++digit)
            text.push_back(digit <= have ? base64_digits[word >> (18 - 6 * digit) & 63] : '=');
    }
    return text;
}

std::optional<Bytes> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    Bytes bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        const bool last = i + 4 == text.size();
        std::size_t padding = 0;
        if (last && text[i + 3] == '=') padding = text[i + 2] == '=' ? 2 : 1;
        std::uint32_t word = 0;
        for (std::size_t digit = 0; digit < 4 - padding; ++digit) {
            const auto value = base64_digits.find(text[i + digit]);
            if (value == std::string_view::npos) return std::nullopt;
            word |= static_cast<std::uint32_t>(value) << (18 - 6 * digit);
        }
        if ((padding == 1 && (word & 0xff) != 0) || (padding == 2 && (word & 0xffff) != 0)) return std::nullopt;
        for (std::size_t byte = 0; byte < 3 - padding; ++byte)
            bytes.push_back(static_cast<std::uint8_t>(word >> (16 - 8 * byte) & 0xff));
    }
    return bytes;
}

} // namespace kaisar
