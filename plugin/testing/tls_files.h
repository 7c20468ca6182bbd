// A key and a certificate for localhost that signs itself, as PEM files, for tests.
#pragma once

#include <string>

namespace flblk::plugin {

struct TlsFiles {
  std::string key_path, cert_path;  // for the configuration
  std::string key, cert;            // their content, for a client
};

// Into `directory` as <name>.key and <name>.crt. Aborts where OpenSSL fails.
TlsFiles MakeTlsFiles(const std::string& directory, const std::string& name);

}  // namespace flblk::plugin
