#include "client/line_client.h"
#include "json/document.h"

namespace kaisar {

std::string decode_line_token(std::string_view text) {
    return JsonReader::parse(text, "the peer's answer").string("token");
}

} // namespace kaisar
