#include "error/error.h"
#include "http/transport.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <mutex>
#include <vector>

namespace kaisar {
namespace {

constexpr std::size_t header_limit_bytes = 16 * 1024;
constexpr const char* hint = "check the address and that the network side is up; the same command can be run again";

struct Exchange {
    HttpResponse response;
    std::size_t body_limit_bytes;
    std::size_t header_bytes = 0;
    bool is_over_limit = false;
    const std::stop_token& stop;
};

std::size_t receive_body(char* data, std::size_t, std::size_t size, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    if (exchange.response.body.size() + size > exchange.body_limit_bytes) {
        exchange.is_over_limit = true;
        return 0;
    }
    exchange.response.body.append(data, size);
    return size;
}

std::size_t receive_header(char* data, std::size_t, std::size_t size, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    exchange.header_bytes += size;
    if (exchange.header_bytes > header_limit_bytes) {
        exchange.is_over_limit = true;
        return 0;
    }
    std::string_view line(data, size);
    const auto colon = line.find(':');
    if (line.starts_with("HTTP/")) exchange.response.headers = {}; // an interim answer (100) came before
    if (colon == std::string_view::npos) return size;
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && std::string_view(" \t\r\n").find(value.back()) != std::string_view::npos)
        value.remove_suffix(1);
    exchange.response.headers.add(std::string(line.substr(0, colon)), std::string(value));
    return size;
}

int report_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Exchange*>(user)->stop.stop_requested() ? 1 : 0;
}

class CurlTransport final : public Transport {
public:
    HttpResponse send(const Url& to, const HttpRequest& request, const TransportLimits& limits,
                      const std::stop_token& stop) override {
        Exchange exchange{.response = {}, .body_limit_bytes = limits.body_limit_bytes, .stop = stop};
        const auto url = to.text() + request.target;
        const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(make_header_list(request),
                                                                                  curl_slist_free_all);
        const auto handle = take_handle();
        auto* curl = handle.get();
        curl_easy_reset(curl);
        curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
        if (request.method != "GET") {
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
            curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        }
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.timeout.count()));
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, report_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
        const auto code = curl_easy_perform(curl);
        if (stop.stop_requested())
            throw Error(ErrorKind::interrupted, "interrupted", "run the same command again to go on");
        if (exchange.is_over_limit)
            throw Error(ErrorKind::network, fmt::format("the answer of {} is longer than allowed", url), hint);
        if (code != CURLE_OK)
            throw Error(ErrorKind::network, fmt::format("{} {}: {}", request.method, url, curl_easy_strerror(code)),
                        hint);
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        exchange.response.status = static_cast<int>(status);
        require_complete(exchange.response, url);
        return std::move(exchange.response);
    }

private:
    /// Back among the idle ones when the exchange is over, with the connection that it keeps alive.
    struct Returner {
        CurlTransport* owner;
        void operator()(CURL* handle) const {
            std::lock_guard lock(owner->mutex_);
            owner->idle_.emplace_back(handle, curl_easy_cleanup);
        }
    };

    std::unique_ptr<CURL, Returner> take_handle() {
        std::lock_guard lock(mutex_);
        if (idle_.empty()) {
            auto* made = curl_easy_init();
            check(made != nullptr, "curl initialises");
            return {made, Returner{this}};
        }
        auto* taken = idle_.back().release();
        idle_.pop_back();
        return {taken, Returner{this}};
    }

    static curl_slist* make_header_list(const HttpRequest& request) {
        curl_slist* list = nullptr;
        for (const auto& [name, value] : request.headers.fields())
            list = curl_slist_append(list, fmt::format("{}: {}", name, value).c_str());
        return curl_slist_append(list, "Expect:");
    }

    /// libcurl 7.88 reports success with an empty body when the peer closes inside the headers.
    static void require_complete(const HttpResponse& response, const std::string& url) {
        const auto length = response.headers.find("content-length");
        if (response.status < 100 || !length || *length != std::to_string(response.body.size()))
            throw Error(ErrorKind::network, fmt::format("the answer of {} is incomplete", url), hint);
    }

    std::mutex mutex_;
    /// The one used last is taken first: its connection is the freshest.
    std::vector<std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>> idle_;
};

} // namespace

std::unique_ptr<Transport> make_curl_transport() { return std::make_unique<CurlTransport>(); }

} // namespace kaisar
