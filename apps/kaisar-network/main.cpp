#include "clock/clock.h"
#include "http_server.h"
#include <cstdio>
int main() {
    kaisar::SystemClock clock;
    using namespace kaisar::network;
    HttpServer server({.port = 8399, .per_address = {}}, [&](const HttpRequest& r) -> HttpAnswer {
        if (r.target == "/hold" && clock.now() - r.received_at < std::chrono::seconds(2)) return AskAgain{r.received_at + std::chrono::seconds(2)};
        return HttpResponse{.body = r.method + " " + r.target + " " + std::to_string(r.body.size())};
    }, clock);
    server.run([&] { std::puts(server.url().c_str()); });
}
