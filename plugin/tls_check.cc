#include "plugin/tls_check.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "plugin/text.h"

namespace flblk::plugin {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* cert) const { X509_free(cert); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, Free>;
using CertPtr = std::unique_ptr<X509, Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;

// Nobody is asked for a pass phrase.
int NoPassPhrase(char*, int, int, void*) { return -1; }

BioPtr Open(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}
CertPtr ReadCert(const std::string& pem) {
  const BioPtr bio = Open(pem);
  return CertPtr(PEM_read_bio_X509(bio.get(), nullptr, NoPassPhrase, nullptr));
}
KeyPtr ReadKey(const std::string& pem) {
  const BioPtr bio = Open(pem);
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassPhrase, nullptr));
}

absl::Status Check(const std::string& cert, const std::string& key, const std::string& client_ca) {
  if (!client_ca.empty() && !ReadCert(client_ca)) {
    return Invalid("grpc_tls_client_ca: holds no PEM certificate");
  }
  if (cert.empty() && key.empty()) return absl::OkStatus();
  const CertPtr own = ReadCert(cert);
  if (!own) return Invalid("grpc_tls_cert: holds no PEM certificate");
  const KeyPtr secret = ReadKey(key);
  if (!secret) return Invalid("grpc_tls_key: holds no PEM private key without pass phrase");
  if (X509_check_private_key(own.get(), secret.get()) != 1) {
    return Invalid("grpc_tls_key: is not the key of grpc_tls_cert");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTls(const std::string& cert, const std::string& key,
                      const std::string& client_ca) {
  const auto status = Check(cert, key, client_ca);
  ERR_clear_error();  // the queue is the host's too
  return status;
}

}  // namespace flblk::plugin
