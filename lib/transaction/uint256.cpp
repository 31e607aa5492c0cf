#include "transaction/uint256.h"

#include "error/error.h"

#include <algorithm>

namespace kaisar {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

} // namespace

Uint256 Uint256::from_word(const Bytes32& word) {
    Uint256 value;
    for (std::size_t i = 0; i < word.size(); ++i)
        value.limbs_[3 - i / 8] = value.limbs_[3 - i / 8] << 8 | std::uint64_t{word[i]};
    return value;
}

Bytes32 Uint256::word() const {
    Bytes32 word{};
    for (std::size_t i = 0; i < word.size(); ++i)
        word[i] = static_cast<std::uint8_t>(limbs_[3 - i / 8] >> (8 * (7 - i % 8)));
    return word;
}

std::optional<std::uint64_t> Uint256::narrow() const {
    if (limbs_[1] != 0 || limbs_[2] != 0 || limbs_[3] != 0) return std::nullopt;
    return limbs_[0];
}

Uint256 operator+(const Uint256& a, const Uint256& b) {
    Uint256 sum;
    Wide carry = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        carry += Wide{a.limbs_[i]} + b.limbs_[i];
        sum.limbs_[i] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
    }
    return carry == 0 ? sum : Uint256::max();
}

Uint256 operator*(const Uint256& a, std::uint64_t b) {
    Uint256 product;
    Wide carry = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        carry += Wide{a.limbs_[i]} * b;
        product.limbs_[i] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
    }
    return carry == 0 ? product : Uint256::max();
}

Uint256 operator-(const Uint256& a, const Uint256& b) {
    check(a >= b, "an amount is taken from one that is as large");
    Uint256 difference;
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const Wide needed = Wide{b.limbs_[i]} + borrow;
        difference.limbs_[i] = static_cast<std::uint64_t>(a.limbs_[i] - needed);
        borrow = a.limbs_[i] < needed ? 1 : 0;
    }
    return difference;
}

std::uint64_t operator%(const Uint256& a, std::uint64_t b) {
    check(b != 0, "an amount is divided by something");
    Wide rest = 0;
    for (std::size_t i = 4; i-- > 0;) rest = (rest << 64 | a.limbs_[i]) % b;
    return static_cast<std::uint64_t>(rest);
}

Uint256 operator/(const Uint256& a, std::uint64_t b) {
    check(b != 0, "an amount is divided by something");
    Uint256 quotient;
    Wide rest = 0;
    for (std::size_t i = 4; i-- > 0;) {
        rest = rest << 64 | a.limbs_[i];
        quotient.limbs_[i] = static_cast<std::uint64_t>(rest / b);
        rest %= b;
    }
    return quotient;
}

std::strong_ordering operator<=>(const Uint256& a, const Uint256& b) {
    for (std::size_t i = 4; i-- > 0;)
        if (const auto order = a.limbs_[i] <=> b.limbs_[i]; order != 0) return order;
    return std::strong_ordering::equal;
}

std::string format_decimal(const Uint256& value) {
    std::string digits;
    for (auto rest = value; !rest.is_zero() || digits.empty(); rest = rest / 10)
        digits.push_back(static_cast<char>('0' + rest % 10));
    std::reverse(digits.begin(), digits.end());
    return digits;
}

std::optional<Uint256> parse_decimal(std::string_view text) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
    Uint256 value;
    for (const char c : text) {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (value > (Uint256::max() - digit) / 10) return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

std::string format_amount(const Uint256& value, unsigned decimals) {
    auto digits = format_decimal(value);
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    auto fraction = digits.substr(digits.size() - decimals);
    digits.resize(digits.size() - decimals);
    while (fraction.ends_with('0')) fraction.pop_back();
    return fraction.empty() ? digits : digits + "." + fraction;
}

std::optional<Uint256> parse_amount(std::string_view text, unsigned decimals) {
    const auto point = text.find('.');
    std::string digits(text.substr(0, point));
    const auto fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
    if (digits.empty() || (point != std::string_view::npos && fraction.empty()) || fraction.size() > decimals)
        return std::nullopt;
    digits += fraction;
    digits.append(decimals - fraction.size(), '0');
    return parse_decimal(digits);
}

} // namespace kaisar
