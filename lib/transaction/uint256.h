/// Amounts as the EVM has them: unsigned integers of 256 bits, and their decimal text with a currency's digits.
#pragma once

#include "bytes/bytes.h"

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace kaisar {

/// Digits behind the point of a chain's coin and of the reward token: their smallest unit is 10^-18.
inline constexpr unsigned coin_decimals = 18;

class Uint256 {
public:
    constexpr Uint256() = default;
    constexpr Uint256(std::uint64_t value) : limbs_{value, 0, 0, 0} {}

    /// Big endian, as words of the EVM are.
    static Uint256 from_word(const Bytes32& word);
    static constexpr Uint256 max() {
        Uint256 value;
        value.limbs_.fill(UINT64_MAX);
        return value;
    }
    Bytes32 word() const;
    /// Nothing when it is larger than 64 bits.
    std::optional<std::uint64_t> narrow() const;
    bool is_zero() const { return *this == Uint256{}; }

    /// Sums and products beyond the largest value are the largest value: a fee that nobody can pay stays one.
    friend Uint256 operator+(const Uint256& a, const Uint256& b);
    friend Uint256 operator*(const Uint256& a, std::uint64_t b);
    /// `a` must not be smaller than `b`.
    friend Uint256 operator-(const Uint256& a, const Uint256& b);
    /// Rounded down; `b` must not be zero.
    friend Uint256 operator/(const Uint256& a, std::uint64_t b);
    friend std::uint64_t operator%(const Uint256& a, std::uint64_t b);

    friend bool operator==(const Uint256&, const Uint256&) = default;
    friend std::strong_ordering operator<=>(const Uint256& a, const Uint256& b);

private:
    std::array<std::uint64_t, 4> limbs_{}; // least significant first
};

std::string format_decimal(const Uint256& value);
/// Nothing for anything but digits, and for more than 256 bits.
std::optional<Uint256> parse_decimal(std::string_view text);

/// 1500000000000000000 with 18 decimals is "1.5".
std::string format_amount(const Uint256& value, unsigned decimals = coin_decimals);
/// "1.5" with 18 decimals is 1500000000000000000; nothing for more digits behind the point than there are decimals.
std::optional<Uint256> parse_amount(std::string_view text, unsigned decimals = coin_decimals);

} // namespace kaisar
