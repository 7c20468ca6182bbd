#include "plugin/testing/tls_files.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <fstream>
#include <memory>

namespace flblk::plugin {
namespace {

template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

void Must(bool done) {
  if (!done) abort();
}

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

Owned<BIO> Memory() {
  return {BIO_new(BIO_s_mem()), [](BIO* b) { BIO_free(b); }};
}

void AddExtension(X509* cert, int nid, const char* value) {
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value),
                                        X509_EXTENSION_free);
  Must(extension && X509_add_ext(cert, extension.get(), -1) == 1);
}

}  // namespace

TlsFiles MakeTlsFiles(const std::string& directory, const std::string& name) {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Owned<X509> cert(X509_new(), X509_free);
  Must(key && cert && X509_set_version(cert.get(), 2) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  X509_NAME* subject = X509_get_subject_name(cert.get());
  Must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                  reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                  0) == 1);
  Must(X509_set_issuer_name(cert.get(), subject) == 1);
  AddExtension(cert.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  AddExtension(cert.get(), NID_basic_constraints, "critical,CA:TRUE");
  Must(X509_set_pubkey(cert.get(), key.get()) == 1);
  Must(X509_sign(cert.get(), key.get(), EVP_sha256()) > 0);

  TlsFiles out;
  const Owned<BIO> key_pem = Memory(), cert_pem = Memory();
  Must(PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
       1);
  Must(PEM_write_bio_X509(cert_pem.get(), cert.get()) == 1);
  out.key = Drain(key_pem.get());
  out.cert = Drain(cert_pem.get());
  out.key_path = directory + "/" + name + ".key";
  out.cert_path = directory + "/" + name + ".crt";
  std::ofstream(out.key_path) << out.key;
  std::ofstream(out.cert_path) << out.cert;
  return out;
}

}  // namespace flblk::plugin
