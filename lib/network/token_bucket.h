/// Token buckets: how many requests one address, or one worker, may make.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <unordered_map>

namespace kaisar::network {

struct BucketLimit {
    double per_second = 0; ///< 0: no limit.
    double burst = 0;
};

/// A bucket for every key that was seen lately. Used by one thread at a time.
class TokenBuckets {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// Beyond `key_limit` keys, those whose buckets are full again are forgotten.
    TokenBuckets(BucketLimit limit, std::size_t key_limit) : limit_(limit), key_limit_(key_limit) {}

    /// Takes a token; false when the key has none left.
    bool try_take(const std::string& key, TimePoint now) {
        if (limit_.per_second <= 0) return true;
        if (buckets_.size() >= key_limit_ && !buckets_.contains(key)) forget_full(now);
        auto [entry, is_new] = buckets_.try_emplace(key, Bucket{limit_.burst, now});
        auto& bucket = entry->second;
        bucket.tokens = tokens_at(bucket, now);
        bucket.at = now;
        if (bucket.tokens < 1) return false;
        bucket.tokens -= 1;
        return true;
    }

    std::size_t size() const { return buckets_.size(); }

private:
    struct Bucket {
        double tokens;
        TimePoint at;
    };

    double tokens_at(const Bucket& bucket, TimePoint now) const {
        const auto elapsed = std::chrono::duration<double>(now - bucket.at).count();
        return std::min(limit_.burst, bucket.tokens + std::max(0.0, elapsed) * limit_.per_second);
    }

    void forget_full(TimePoint now) {
        std::erase_if(buckets_, [&](const auto& entry) { return tokens_at(entry.second, now) >= limit_.burst; });
    }

    BucketLimit limit_;
    std::size_t key_limit_;
    std::unordered_map<std::string, Bucket> buckets_;
};

} // namespace kaisar::network
