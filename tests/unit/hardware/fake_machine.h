/// Another machine's /proc and /sys, for what reads them.
#pragma once

#include "error/error.h"
#include "files/files.h"

#include <cstdlib>
#include <fstream>

namespace kaisar {

/// A folder that looks like another machine's /proc and /sys, gone afterwards.
class FakeMachine {
public:
    FakeMachine() {
        std::string pattern = (std::filesystem::temp_directory_path() / "kaisar-XXXXXX").string();
        check(::mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
        root_ = pattern;
    }
    FakeMachine(const FakeMachine&) = delete;
    FakeMachine& operator=(const FakeMachine&) = delete;
    ~FakeMachine() { std::filesystem::remove_all(root_); }

    Path operator/(const std::string& name) const { return root_ / name; }
    void write(const std::string& name, std::string_view content) const {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name) << content;
    }
    void link(const std::string& name, const std::string& target) const {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::filesystem::create_symlink(target, root_ / name);
    }

private:
    Path root_;
};

} // namespace kaisar
