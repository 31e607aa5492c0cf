#include "kernels/device_stream.h"

namespace kaisar::kernels {

DeviceStream::~DeviceStream() = default;

} // namespace kaisar::kernels
