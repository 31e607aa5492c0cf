/// The node key's file: an Ed25519 seed that makes this machine the worker it is. It cannot move money.
///
/// Text, so that a person can see what it is: a first line "kaisar node key 1", a second with the seed in hexadecimal.
#pragma once

#include "crypto/ed25519.h"
#include "files/files.h"

#include <optional>

namespace kaisar {

/// Nothing when there is no such file; Error(environment) when others may read it, or it is torn or of an unknown
/// version.
std::optional<Ed25519Key> find_node_key(const Path& path);

/// The key in the file's text; `name` is what messages call it.
Ed25519Key decode_node_key(std::string_view text, const std::string& name);

/// Makes a key and writes it (0600); never replaces one.
Ed25519Key make_node_key(const Path& path);

} // namespace kaisar
