// Whether PEM texts can serve TLS. gRPC itself would only refuse every connection.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace flblk::plugin {

// All empty: OK. INVALID_ARGUMENT names the setting: grpc_tls_cert or grpc_tls_client_ca holds no
// certificate, grpc_tls_key no private key (an encrypted one is none), or key and certificate are
// no pair.
absl::Status CheckTls(const std::string& cert, const std::string& key,
                      const std::string& client_ca);

}  // namespace flblk::plugin
